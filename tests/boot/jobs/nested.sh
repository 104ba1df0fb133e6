# SPDX-License-Identifier: GPL-2.0-or-later
# run: --tools debian --options loglvl=info --add out/build/proxenos.pvh --add out/guests/hello
# also: --tools debian --hypervisor xen --options guest_loglvl=all --add out/build/proxenos.pvh --add out/guests/hello
# The hypervisor as a PVH guest of itself, and of Debian's Xen: no device but the local APIC is there. Its own
# dom0 is the microguest hello, whose claims come out in the outer hypervisor's log; that one's end is its end.
. /job/lib.sh

cat >/run/nested.cfg <<END
name = "nested"
type = "pvh"
kernel = "/root/proxenos.pvh"
ramdisk = "/root/hello"
cmdline = "console=none loglvl=error dom0_mem=64M,max:64M"
memory = 192
vcpus = 2
tsc_mode = "native"
END

# The log keeps ten lines of what a guest says at once: the last may be lost.
said() {
	xl dmesg | grep -cE "^\\((XEN|PXN|d[0-9]+)\\) (d[0-9]+: )?$1"
}

found_all_it_claims() {
	echo "# $(said "ok ") claims hold"
	[ "$(said "ok ")" = 10 ] && [ "$(said "not ok ")" = 0 ]
}

before=$(free-pages)
# Nobody waits for its end: programs of dom0 crash in QEMU now and then, those that wait long most of all.
check it_is_created xl create -q -e /run/nested.cfg
check it_ends_when_its_dom0_does wait_until $patience state_is nested '???s*'
check its_dom0_finds_all_it_claims found_all_it_claims
check it_is_destroyed xl destroy nested
check every_frame_came_back all_pages_returned "$before" 64
[ $failed = 0 ] || { xl list; xl dmesg | tail -n 40; } | sed 's/^/# /'
finish
