# SPDX-License-Identifier: GPL-2.0-or-later
# run: --tools ours
# Nothing of Debian's Xen in dom0: our store, consoles, lifecycle daemon and xl under our keeper. A guest with disk
# and network prints numbers and asks the store without end while each daemon is killed KILLS times (default 20,
# or from /root/own-daemons.conf): no line is lost, no write to the store, no end of a guest. It restarts and
# shuts down as its configuration wants, and leaves every frame. It has channels, at a terminal and at a socket.
. /job/lib.sh
trap '' PIPE

KILLS=20
[ ! -e /root/own-daemons.conf ] || . /root/own-daemons.conf
daemons="xenstored xenconsoled proxenos-lifecycled"
log=$console/guest-own.log
disk='disk = [ "format=raw,vdev=xvdb,access=w,target=/run/own.img" ]'
vif='vif = [ "bridge=xenbr0" ]'
channels='channel = [ "name=org.example.test,connection=pty", "name=other,connection=socket,path=/run/own.socket" ]'

all_live() {
	for daemon in $daemons; do
		pidof "$daemon" >/dev/null || return 1
	done
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

log_has() {
	grep -q "$1" "$log"
}

ready_times() {
	[ "$(grep -c '^guest: ready' "$console/guest-$1.log")" -ge "$2" ]
}

# attach: a user at the console of "own"; what goes to descriptor 4 is typed.
attach() {
	rm -f /run/keys
	mkfifo /run/keys
	xl console own </run/keys >/run/attached 2>&1 &
	attached=$!
	exec 4>/run/keys
}

has_left() {
	! kill -0 $attached 2>/dev/null
}

# answers N: what the user types is carried out, and seen.
answers() {
	printf 'echo sum=$((40 + %s))\r' "$1" >&4
	wait_until $patience log_has "^sum=$((40 + $1))" &&
		wait_until $patience grep -q "^sum=$((40 + $1))" /run/attached
}

# The same by a script that attaches no longer than it types.
answers_a_script() {
	printf 'echo sum=$((40 + %s))\r' "$1" >"$(xenstore-read /local/domain/"$(xl domid own)"/console/tty)"
	wait_until $patience log_has "^sum=$((40 + $1))"
}

# channel_answers WORD: what a program sends through the first channel comes back.
channel_answers() {
	exec 6<>"$(xenstore-read "/local/domain/0/backend/console/$(xl domid own)/1/tty")" || return 1
	echo "$1" >&6
	timeout 300 head -n 1 <&6 >/run/heard
	exec 6>&-
	grep -qx "heard: $1" /run/heard
}

channels_are_listed() {
	xl channel-list own >/run/channels
	grep -q '^1   0  4 .* pty  */dev/pts/' /run/channels &&
		grep -q '^2   0  4 .* socket  */run/own.socket' /run/channels
}

# Bursts larger than the ring, until the store says stop.
print_numbers() {
	printf '%s\r' 'dmesg -n 1; i=0; until xs-read data/stop >/dev/null; do seq $((i + 1)) $((i + 500)); i=$((i + 500)); sleep 0.2; done; echo all-""printed=$i' >&4
}

write_numbers() {
	count=0
	until [ -e /run/stop ]; do
		count=$((count + 1))
		timeout 300 xenstore-write /test/$count $count 2>/dev/null && echo $count >>/run/written
		sleep 0.1
	done
}

is_another() {
	fresh=$(pidof "$1") && [ "$fresh" != "$2" ]
}

# At moments that have nothing to do with what they do, and every other time perhaps before they are ready: who
# dies so again and again is started later and later.
kill_all() {
	round=0
	while [ $round -lt "$KILLS" ]; do
		for daemon in $daemons; do
			sleep 0.$((round * 7 % 5 + 1))
			old=$(pidof "$daemon")
			kill -9 "$old" || return 1
			wait_until $patience is_another "$daemon" "$old" || return 1
			[ $((round % 2)) = 0 ] || wait_until $patience is_ready "$daemon" || return 1
		done
		round=$((round + 1))
		echo "# each daemon killed $round times, at $(cut -d' ' -f1 /proc/uptime) s"
	done
}

# missing_in FILE: how many of /run/wanted.
missing_in() {
	awk 'NR == FNR { seen[$1] = 1; next } !seen[$1] { n++ } END { print n + 0 }' "$1" /run/wanted
}

# The log has each line once, in order.
none_missing_in_log() {
	seq 1 "$(sed -n 's/^all-printed=\([0-9]*\).*/\1/p' "$log")" >/run/wanted
	tr -d '\r' <"$log" | grep -E '^[0-9]+$' >/run/in-log
	echo "# the log: $(wc -l </run/wanted) lines printed, $(missing_in /run/in-log) lost"
	[ -s /run/wanted ] && cmp -s /run/in-log /run/wanted || {
		tr -d '\r' <"$log" | sed '1,/dmesg -n 1/d; /^all-printed/,$d' | grep -vE '^[0-9]+$' | head -n 20 |
			sed 's/^/# among them: /'
		return 1
	}
}

# A terminal may show a line twice.
none_missing_on_terminal() {
	tr -d '\r' </run/attached | grep -E '^[0-9]+$' >/run/on-terminal
	missing=$(missing_in /run/on-terminal)
	echo "# the terminal: $missing lost"
	[ "$missing" = 0 ]
}

none_missing_in_store() {
	xenstore-ls -f /test | sed 's,^/test/\([0-9]*\) = "\([0-9]*\)".*,\1 \2,' | awk '$1 == $2 {print $1}' >/run/stored
	cp /run/written /run/wanted
	missing=$(missing_in /run/stored)
	echo "# the store: $(wc -l </run/wanted) writes acknowledged, $missing lost"
	[ -s /run/wanted ] && [ "$missing" = 0 ]
}

has_socket() {
	[ -S /run/own.socket ]
}

has_no_socket() {
	[ ! -e /run/own.socket ]
}

history_is_shown() {
	: >/run/history
	{
		wait_until $patience grep -q "^all-printed" /run/history
		printf '\035'
	} | xl console own >>/run/history 2>&1
	grep -q "^all-printed" /run/history
}

check the_daemons_live wait_until $patience all_live
check they_have_said_so all_are_ready
check xl_is_ours sh -c 'xl list --json >/dev/null'
check the_store_names_dom0 [ "$(xenstore-read /local/domain/0/name)" = Domain-0 ]
check a_guest_boots_and_powers_off warm_up "$vif"
before=$(free-pages)
dd if=/dev/zero of=/run/own.img bs=1M count=4 2>/dev/null
check a_guest_is_created create_guest own 192 2 "ip=10.0.5.11/24 disk=xvdb ping=10.0.5.1 channel=hvc1" "$disk" "$vif" \
	"$channels" 'on_reboot = "restart"'
check it_speaks guest_will_say own $patience "ready name=own home=/local/domain/[0-9]* vcpus=2"
check its_disk_works guest_will_say own $patience "disk xvdb md5"
check its_network_works guest_will_say own $patience "ping 10.0.5.1 answers"
[ $failed = 0 ] || show_console own
attach
check a_user_at_its_console_is_answered answers 1
check its_channels_are_connected wait_until $patience channels_are_listed
sed 's/^/# /' /run/channels
check a_program_at_its_end_of_the_channel_speaks guest_will_say own $patience "channel hvc1 is open"
check a_program_at_ours_is_answered channel_answers one
check its_other_channel_has_a_socket [ -S /run/own.socket ]

# --- killed
print_numbers
check it_prints wait_until $patience log_has '^500'
write_numbers &
writer=$!
check a_guest_that_powers_off_is_created create_guest brief 128 1 halt
check each_daemon_is_killed_${KILLS}_times_and_comes_back kill_all
check the_other_guest_is_gone wait_until $patience guest_is_gone brief
touch /run/stop
wait $writer
check the_guest_hears_the_store xenstore-write /local/domain/"$(xl domid own)"/data/stop 1
check and_prints_to_the_end wait_until $patience log_has '^all-printed'
check the_user_sees_the_end wait_until $patience grep -q '^all-printed' /run/attached
check no_line_is_missing_in_the_log none_missing_in_log
check none_is_missing_on_the_terminal none_missing_on_terminal
check no_write_to_the_store_is_lost none_missing_in_store
xenstore-rm /test
check the_user_is_still_answered answers 2
check a_program_at_its_channel_is_still_answered channel_answers two

# --- the user leaves, the guest goes
printf '\035' >&4
check a_user_may_leave wait_until $patience has_left
check a_script_is_answered answers_a_script 3
check who_comes_back_sees_the_history history_is_shown
attach
old=$(xl domid own)
check reboot xl reboot own
check it_comes_up_again wait_until $patience ready_times own 2
check as_another_domain [ "$(xl domid own)" -gt "$old" ]
check the_old_ones_console_has_closed wait_until $patience has_left
check its_channel_answers_again wait_until $patience channel_answers three
check its_socket_is_the_new_ones wait_until $patience has_socket
check shutdown timeout $patience xl shutdown -w own
check it_is_gone wait_until $patience guest_is_gone own
check its_socket_is_gone wait_until $patience has_no_socket
check no_guest_remains [ "$(xl list | wc -l)" = 2 ]
check no_node_remains [ "$(xenstore-list /local/domain)" = 0 ]
check every_frame_came_back all_pages_returned "$before" 8
check no_program_of_dom0_crashed sh -c '! dmesg | grep -q segfault'
[ $failed = 0 ] || tail -n 30 /var/log/xen/daemons.log | sed 's/^/# /'
[ $failed = 0 ] || show_console own
finish
