# SPDX-License-Identifier: GPL-2.0-or-later
# run: --tools debian --threads
# A PVH guest, that is: a translated one with nested paging and a local APIC, made by Debian's xl. It speaks,
# uses disk and network, and leaves every frame behind. tests/boot/by-hand/pvh-smp.sh has several at once, with
# more virtual CPUs: an emulated CPU that emulates a CPU is slow. With one thread for all CPUs, QEMU 7.2
# now and then delivers an interrupt that VMRUN injected a second time, at its handler's first instruction.
. /job/lib.sh

pvh='type = "pvh"'
# An emulated CPU's counter is not invariant: by default each reading of it would be an exit.
tsc='tsc_mode = "native"'
disk='disk = [ "format=raw,vdev=xvdb,access=w,target=/run/pvh.img" ]'
vif='vif = [ "bridge=xenbr0" ]'

has_hvm() {
	xl info | grep -q '^virt_caps.* hvm hap'
}

check the_machine_can_run_translated_guests has_hvm
check a_pv_guest_boots_and_powers_off warm_up "$vif"
before=$(free-pages)
dd if=/dev/zero of=/run/pvh.img bs=1M count=4 2>/dev/null
check a_guest_is_created create_guest p1 192 1 "ip=10.0.5.11/24 disk=xvdb ping=10.0.5.1" \
	"$pvh" "$tsc" "$disk" "$vif"
check it_speaks guest_will_say p1 $patience "ready name=p1 home=/local/domain/[0-9]* vcpus=1"
check its_kernel_knows_it_is_pvh guest_says p1 "type PVH"
check it_reads_back_what_it_wrote guest_will_say p1 $patience "disk xvdb md5"
check dom0_finds_it_in_the_file same_data p1 /run/pvh.img
check it_pings_dom0 guest_will_say p1 $patience "ping 10.0.5.1 answers"
[ $failed = 0 ] || show_console p1
check it_is_destroyed xl destroy p1
check it_is_gone wait_until $patience guest_is_gone p1
check every_frame_came_back all_pages_returned "$before" 8
finish
