# SPDX-License-Identifier: GPL-2.0-or-later
# Our xenstored under Debian's tools and Linux's xenbus: dom0 was started with it, guests come and go, and it
# is killed again and again under them, first without a keeper, then with one. To be run with
#   --add BUILD/xenstored:/usr/sbin/xenstored --add BUILD/proxenos-keeper:/usr/sbin/proxenos-keeper
# and the libraries they need (liblmdb, libev). KILLS (default 20) may come from /root/own-store.conf.
. /job/lib.sh

KILLS=20
[ ! -e /root/own-store.conf ] || . /root/own-store.conf

store_is_ours() {
	/usr/sbin/xenstored --version | grep -q Proxenos
}

store_serves() {
	timeout 5 xenstore-exists / 2>/dev/null
}

store_pid() {
	cat /run/xenstored.pid
}

kill_and_start() {
	kill -9 "$(store_pid)"
	sleep 0.2
	xenstored --pid-file /run/xenstored.pid
}

# Everything but what changes by itself.
dump() {
	xenstore-ls -f | sort
}

same_contents() {
	dump >/run/after
	diff /run/before /run/after | sed 's/^/# /'
	cmp -s /run/before /run/after
}

device_state_is() {
	[ "$(xenstore-read "/local/domain/$1/$2/state" 2>/dev/null)" = "$3" ]
}

killed_by_keeper_again_and_again() {
	count=0
	while [ $count -lt "$KILLS" ]; do
		count=$((count + 1))
		old=$(store_pid)
		kill -9 "$old"
		xenstore-write /kills/$count $count || true
		wait_until 60 store_serves || return 1
		xenstore-write /kills/$count $count || return 1
	done
	[ "$(xenstore-list /kills | wc -l)" = "$KILLS" ]
}

vif='vif = [ "bridge=xenbr0" ]'
check the_store_is_ours store_is_ours
check it_serves store_serves
check a_guest_boots_and_powers_off warm_up "$vif"
check a_guest_is_created create_guest one 256 2 "ip=10.0.5.11/24 ping=10.0.5.1" "$vif"
check it_pings_dom0 guest_will_say one $patience "ping 10.0.5.1 answers"
domid=$(xl domid one)
xenstore-ls -fp "/local/domain/$domid" | sed 's/^/# /'
check its_interface_is_connected wait_until $patience device_state_is "$domid" device/vif/0 4
dump >/run/before

check a_killed_store_starts_again kill_and_start
check it_serves_again store_serves
check it_has_lost_nothing same_contents
check the_kernel_reads_through_its_ring cat /sys/bus/xen-backend/devices/vif-"$domid"-0/nodename
check xl_lists_the_guest guest_lives one
check a_guest_is_created_after_the_kill create_guest two 128 1 "ip=10.0.5.12/24 ping=10.0.5.1" "$vif"
check it_pings_dom0_too guest_will_say two $patience "ping 10.0.5.1 answers"
check the_older_guest_hears_of_shutdown xl shutdown one
check it_shuts_down wait_until $patience guest_is_gone one

kill -9 "$(store_pid)"
proxenos-keeper /usr/sbin/xenstored -N --pid-file /run/xenstored.pid >/run/keeper.log 2>&1 &
check the_keeper_starts_it wait_until 60 store_serves
dump >/run/before
check killed_under_the_keeper_it_comes_back killed_by_keeper_again_and_again
xenstore-rm /kills
check nothing_was_lost same_contents
check the_guest_is_created_under_the_keeper \
	create_guest three 128 1 "ip=10.0.5.13/24 ping=10.0.5.1" "$vif"
check it_pings guest_will_say three $patience "ping 10.0.5.1 answers"
check guest_two_is_destroyed xl destroy two
check guest_three_is_destroyed xl destroy three
check no_guest_remains [ "$(xl list | wc -l)" = 2 ]
check no_node_remains [ "$(xenstore-list /local/domain | wc -l)" = 1 ]
xenstore-ls -f | sed 's/^/# /' | tail -n 40
tail -n 20 /run/keeper.log | sed 's/^/# /'
finish
