# SPDX-License-Identifier: GPL-2.0-or-later
# What the jobs share. A job runs in dom0 and prints one line per claim, "ok NAME" or "not ok NAME";
# finish() ends it with status 1 when one failed. Guests' consoles are read from xenconsoled's logs.

failed=0
# How long to wait for what must come, in seconds: a busy machine is slow, not broken.
patience=900
console=/var/log/xen/console

# check NAME COMMAND...: the claim NAME holds when COMMAND succeeds.
check() {
	claim=$1
	shift
	if "$@"; then
		echo "ok $claim"
	else
		echo "not ok $claim"
		failed=1
	fi
}

# With what dom0's kernel says of programs that crashed.
finish() {
	dmesg | grep "segfault at\|general protection\|trap .* error" | sed 's/^/# dom0: /'
	exit $failed
}

# wait_until SECONDS COMMAND...
wait_until() {
	read -r now rest </proc/uptime
	deadline=$((${now%.*} + $1))
	shift
	until "$@"; do
		read -r now rest </proc/uptime
		[ "${now%.*}" -lt $deadline ] || return 1
		sleep 0.3
	done
}

# guest_says NAME TEXT: its console printed a line "guest: TEXT...".
guest_says() {
	grep -q "^guest: $2" "$console/guest-$1.log" 2>/dev/null
}

# guest_will_say NAME SECONDS TEXT: waits for that line, but not for a guest that is gone.
guest_will_say() {
	wait_until "$2" says_or_is_gone "$1" "$3" && guest_says "$1" "$3"
}

says_or_is_gone() {
	guest_says "$1" "$2" || guest_is_gone "$1"
}

# create_guest NAME MEMORY VCPUS EXTRA [LINE...]: further lines go into the configuration.
create_guest() {
	config=/run/$1.cfg
	{
		echo "name = \"$1\""
		echo 'kernel = "/boot/vmlinuz"'
		echo 'ramdisk = "/boot/guest-initrd.cpio.gz"'
		echo "extra = \"console=hvc0 quiet $4\""
		echo "memory = $2"
		echo "vcpus = $3"
		echo 'on_crash = "destroy"'
		shift 4
		for line in "$@"; do
			echo "$line"
		done
	} >"$config"
	xl create -q "$config" >/run/create.log 2>&1 || {
		sed 's/^/# /' /run/create.log
		return 1
	}
}

guest_lives() {
	xl list "$1" >/dev/null 2>&1
}

# Only if xl says that there is none of this name: when it cannot say, that is shown.
guest_is_gone() {
	! xl list "$1" >/run/looked-for 2>&1 || return 1
	grep -q "invalid domain" /run/looked-for && return 0
	sed "s/^/# xl list $1: /" /run/looked-for
	return 1
}

# all_pages_returned BEFORE [SLACK]: as many frames are free as then. Teardown ends a little after xl does.
pages_are_free() {
	[ "$(free-pages)" -ge "$1" ]
}

all_pages_returned() {
	wait_until $patience pages_are_free $(($1 - ${2:-0})) || {
		echo "# free pages: $1 before, $(free-pages) now"
		return 1
	}
}

# The first guest makes dom0 and the hypervisor grow tables that stay; count frames after it.
# warm_up [LINE...]: lines of configuration for it, an interface among them if any.
warm_up() {
	create_guest warm-up 128 2 "${1:+ip=10.0.5.9/24 }halt" "$@" && wait_until $patience guest_is_gone warm-up || {
		xl list | sed 's/^/# /'
		show_console warm-up
		return 1
	}
}

show_console() {
	echo "# console of $1:"
	tail -n 20 "$console/guest-$1.log" 2>/dev/null | sed 's/^/#   /'
}

# same_data NAME FILE: what the guest wrote is in dom0's file, not just in the guest's page cache.
same_data() {
	want=$(sed -n 's/^guest: disk xvdb md5 \([0-9a-f]*\).*/\1/p' "$console/guest-$1.log")
	got=$(dd if="$2" bs=64k count=3 2>/dev/null | md5sum)
	[ -n "$want" ] && [ "$want" = "${got%% *}" ]
}

loop_is_free() {
	[ -z "$(/sbin/losetup -j "$1")" ]
}

# field NAME N: of its line in xl list.
field() {
	xl list "$1" 2>/dev/null | awk -v n="$2" 'NR == 2 {print $n}'
}

state_is() {
	case $(field "$1" 5) in $2) return 0 ;; esac
	return 1
}

has_shrunk() {
	[ "$(field "$1" 3)" -le "$2" ]
}

# console_answers NAME COMMAND LINE: what is typed at its console is carried out, and shown there.
console_answers() {
	mkfifo /run/keys
	xl console "$1" </run/keys >/run/attached 2>&1 &
	attached=$!
	exec 4>/run/keys
	printf '%s\r' "$2" >&4
	wait_until $patience grep -q "^$3" /run/attached
	answered=$?
	printf '\035' >&4
	exec 4>&-
	rm /run/keys
	wait $attached
	ended=$?
	[ $answered = 0 ] && [ $ended = 0 ] || {
		echo "# xl console $1: ended with status $ended, showed:"
		tail -n 20 /run/attached | sed 's/^/#   /'
		show_console "$1"
		return 1
	}
}
