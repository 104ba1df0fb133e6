# SPDX-License-Identifier: GPL-2.0-or-later
# run: --tools ours
# Nothing of Debian's Xen in dom0: our store, consoles, lifecycle daemon and xl under our keeper. A guest lives
# through the death of each daemon, restarts and shuts down as its configuration wants, and leaves every frame.
. /job/lib.sh

daemons="xenstored xenconsoled proxenos-lifecycled"

all_live() {
	for daemon in $daemons; do
		pidof "$daemon" >/dev/null || return 1
	done
}

is_another() {
	fresh=$(pidof "$1") && [ "$fresh" != "$2" ]
}

# What the daemon told its keeper, whom others wait for.
is_ready() {
	kill -USR1 "$(cat /run/proxenos-keeper.pid)"
	grep "${1#proxenos-}: [a-z]*, process" /var/log/xen/daemons.log | tail -n 1 |
		grep -q ": ready, process $(pidof "$1"),"
}

all_are_ready() {
	for daemon in $daemons; do
		wait_until $patience is_ready "$daemon" || return 1
	done
}

kill_one() {
	old=$(pidof "$1")
	kill -9 "$old" && wait_until 60 is_another "$1" "$old"
}

ready_times() {
	[ "$(grep -c '^guest: ready' "$console/guest-$1.log")" -ge "$2" ]
}

# answers NAME N: what a user attached to its console types is carried out.
answers() {
	tty=$(xenstore-read /local/domain/"$(xl domid "$1")"/console/tty)
	(sleep 3; printf 'echo sum=$((40 + %s))\r' "$2"; sleep 5) >"$tty"
	wait_until 120 grep -q "^sum=$((40 + $2))" "$console/guest-$1.log"
}

disk='disk = [ "format=raw,vdev=xvdb,access=w,target=/run/own.img" ]'
vif='vif = [ "bridge=xenbr0" ]'

check the_daemons_live wait_until 60 all_live
check they_have_said_so all_are_ready
check xl_is_ours sh -c 'xl list --json >/dev/null'
check the_store_names_dom0 [ "$(xenstore-read /local/domain/0/name)" = Domain-0 ]
check a_guest_boots_and_powers_off warm_up "$vif"
before=$(free-pages)
dd if=/dev/zero of=/run/own.img bs=1M count=4 2>/dev/null
check a_guest_is_created create_guest own 192 2 "ip=10.0.5.11/24 disk=xvdb ping=10.0.5.1" "$disk" "$vif" \
	'on_reboot = "restart"'
check it_speaks guest_will_say own $patience "ready name=own home=/local/domain/[0-9]* vcpus=2"
check its_disk_works guest_will_say own $patience "disk xvdb md5"
check its_network_works guest_will_say own $patience "ping 10.0.5.1 answers"
check its_console_answers answers own 1
for daemon in $daemons; do
	check "${daemon}_is_killed_and_comes_back" kill_one "$daemon"
done
check its_console_answers_still answers own 2
old=$(xl domid own)
check reboot xl reboot own
check it_comes_up_again wait_until $patience ready_times own 2
check as_another_domain [ "$(xl domid own)" -gt "$old" ]
check shutdown timeout $patience xl shutdown -w own
check it_is_gone wait_until $patience guest_is_gone own
check no_guest_remains [ "$(xl list | wc -l)" = 2 ]
check no_node_remains [ "$(xenstore-list /local/domain)" = 0 ]
check every_frame_came_back all_pages_returned "$before" 8
[ $failed = 0 ] || tail -n 30 /var/log/xen/daemons.log | sed 's/^/# /'
[ $failed = 0 ] || show_console own
finish
