# SPDX-License-Identifier: GPL-2.0-or-later
# Our xenconsoled under our keeper, with Debian's xl and xenstored. Needs, by ./run --add, the
# programs proxenos-keeper, xenconsoled and xenconsole in /root, and libev.so.4 where libraries are.
# By hand; KILLS and NUMBERS say how much.
#
# A guest prints numbers while the daemon is killed again and again: none may be missing, in the
# log exactly once each, on the attached terminal at least once.
. /job/lib.sh
trap '' PIPE

kills=${KILLS:-20}
numbers=${NUMBERS:-20000}
log=$console/guest-con.log

start_ours() {
	kill "$(cat /run/xenconsoled.pid)"
	wait_until 10 no_other_daemon
	rm -f "$console"/*.log
	/root/proxenos-keeper -n console -p /run/keeper.pid /root/xenconsoled --log=all \
		--pid-file=/run/ours.pid 2>/run/keeper.log &
	wait_until 30 [ -s /run/ours.pid ]
}

no_other_daemon() {
	! pidof xenconsoled >/dev/null
}

daemon_lives() {
	pid=$(cat /run/ours.pid) && kill -0 "$pid" 2>/dev/null
}

log_has() {
	grep -q "$1" "$log" 2>/dev/null
}

attach() {
	mkfifo /run/keys
	/root/xenconsole "$domid" </run/keys >/run/attached 2>&1 &
	attached=$!
	exec 4>/run/keys
}

# Kills it at moments that have nothing to do with what it does.
kill_often() {
	done=0
	while [ $done -lt "$kills" ]; do
		sleep "0.$((done * 7 % 10))1"
		pid=$(cat /run/ours.pid)
		kill -9 "$pid" 2>/dev/null && done=$((done + 1))
		wait_until 30 another_lives "$pid" || return 1
	done
	echo "# killed $done times"
}

another_lives() {
	[ "$(cat /run/ours.pid 2>/dev/null)" != "$1" ] && daemon_lives
}

# only_numbers FILE: the lines the guest was to print.
only_numbers() {
	tr -d '\r' <"$1" | grep -E '^[0-9]+$'
}

none_missing_in_log() {
	only_numbers "$log" >/run/in-log
	seq 1 "$numbers" >/run/wanted
	missing=$(awk 'NR == FNR { seen[$1] = 1; next } !seen[$1] { n++ } END { print n + 0 }' \
		/run/in-log /run/wanted)
	echo "# log: $(wc -l </run/in-log) lines, $missing missing"
	cmp -s /run/in-log /run/wanted || {
		tr -d '\r' <"$log" | sed '1,/seq 1/d; /^all-printed/,$d' | grep -vE '^[0-9]+$' | head -n 20 |
			sed 's/^/# among them: /'
		return 1
	}
}

none_missing_on_terminal() {
	tr -d '\r' </run/attached | grep -E '^[0-9]+$' >/run/on-terminal
	missing=$(awk 'NR == FNR { seen[$1] = 1; next } !seen[$1] { n++ } END { print n + 0 }' \
		/run/on-terminal /run/wanted)
	echo "# terminal: $(wc -l </run/on-terminal) lines, $missing missing"
	[ "$missing" = 0 ]
}

history_is_shown() {
	(sleep 2; printf '\035') | /root/xenconsole "$domid" >/run/history 2>&1
	grep -q "^$numbers" /run/history && grep -q "all-printed" /run/history
}

history_is_shown_to_debians_xl() {
	(sleep 2) | timeout 20 xl console con >/run/history-xl 2>&1
	grep -q "all-printed" /run/history-xl
}

log_is_opened_anew() {
	mv "$log" "$log.moved"
	kill -HUP "$(cat /run/keeper.pid)"
	wait_until 10 [ -e "$log" ] || return 1
	printf 'echo after-\\\nhangup\r' >&4
	wait_until 30 log_has after-hangup
}

ended_by_itself() {
	! kill -0 "$attached" 2>/dev/null
}

check ours_starts start_ours
create_guest con 256 1 "" || {
	echo "not ok guest_is_created"
	sed 's/^/# /' /run/keeper.log
	exit 1
}
check guest_speaks_into_its_log guest_will_say con $patience "ready name=con"
check hypervisor_log_is_kept [ -s "$console/hypervisor.log" ]
domid=$(xl domid con)
attach
check prompt_is_shown wait_until 30 grep -q 'guest:/' /run/attached
printf 'seq 1 %s; echo all-""printed\r' "$numbers" >&4
check it_is_killed_and_comes_back kill_often
check guest_prints_to_the_end wait_until $patience log_has '^all-printed'
sleep 1
check no_number_is_missing_in_the_log none_missing_in_log
check no_number_is_missing_on_the_terminal none_missing_on_terminal
check user_is_still_attached kill -0 "$attached"
printf 'echo still-""there\r' >&4
check keys_still_arrive wait_until 30 log_has '^still-there'
check log_is_opened_anew_after_hangup log_is_opened_anew
printf '\035' >&4
check escape_detaches wait_until 10 ended_by_itself
check history_is_shown_on_attach history_is_shown
check debians_xl_shows_the_history history_is_shown_to_debians_xl
rm -f /run/keys
exec 4>&-
attach
sleep 1
check guest_is_destroyed xl destroy con
check destroyed_guests_terminal_closes wait_until 10 ended_by_itself
kill "$(cat /run/keeper.pid)"
check keeper_stops_its_daemon wait_until 15 no_other_daemon
sed 's/^/# /' /run/keeper.log | tail -n 30
finish
