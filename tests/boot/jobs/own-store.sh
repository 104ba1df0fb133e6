# SPDX-License-Identifier: GPL-2.0-or-later
# Our xenstored and keeper under Debian's tools and Linux's xenbus: guests are created, listed and destroyed
# while the store is killed again and again. KILLS (default 10) may come from /root/own-store.conf.
# run: --tools store
. /job/lib.sh

KILLS=10
[ ! -e /root/own-store.conf ] || . /root/own-store.conf
vif='vif = [ "bridge=xenbr0" ]'

store_is_ours() {
	/usr/sbin/xenstored --version | grep -q Proxenos
}

store_serves() {
	timeout 60 xenstore-exists / 2>/dev/null
}

kill_store() {
	kill -9 "$(cat /run/xenstored.pid)"
}

# dom0 was started with our store, but without a keeper: both it and its console daemon begin anew.
begin_under_keeper() {
	kill_store
	kill "$(cat /run/xenconsoled.pid)"
	proxenos-keeper /usr/sbin/xenstored -N --pid-file /run/xenstored.pid >/run/keeper.log 2>&1 &
	wait_until $patience store_serves
}

kill_again_and_again() {
	count=0
	while [ $count -lt "$KILLS" ]; do
		count=$((count + 1))
		kill_store
		wait_until $patience store_serves || return 1
	done
}

# Everything but what a booting guest changes by itself.
dump() {
	xenstore-ls -f /vm && xenstore-ls -f "/libxl/$domid" && xenstore-ls -f "/local/domain/$domid/store"
}

same_contents() {
	dump >/run/after
	diff /run/before /run/after | sed 's/^/# /'
	cmp -s /run/before /run/after
}

guest_speaks() {
	[ -n "$(xenstore-read "/local/domain/$domid/control/feature-poweroff" 2>/dev/null)" ]
}

check the_store_is_ours store_is_ours
check the_keeper_starts_it begin_under_keeper
xenconsoled --log=guest --log-dir=$console --timestamp=none --pid-file=/run/xenconsoled.pid
check a_guest_is_created create_guest one 128 1 "" "$vif"
domid=$(xl domid one)
check its_kernel_speaks_to_the_store wait_until $patience guest_speaks
dump >/run/before
kill_store
check a_killed_store_comes_back wait_until $patience store_serves
check it_has_lost_nothing same_contents
check the_guest_is_still_listed guest_lives one
check killed_again_and_again_it_comes_back kill_again_and_again
check nor_has_it_lost_anything_then same_contents
check a_guest_is_created_after_that create_guest two 128 1 "" "$vif"
check the_first_guest_is_destroyed xl destroy one
check the_second_guest_is_destroyed xl destroy two
check no_guest_remains [ "$(xl list | wc -l)" = 2 ]
check no_node_remains [ "$(xenstore-list /local/domain)" = 0 ]
tail -n 4 /run/keeper.log | sed 's/^/# /'
finish
