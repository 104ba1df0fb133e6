# SPDX-License-Identifier: GPL-2.0-or-later
# run: --tools beside
# also: --tools beside --hypervisor xen
# Our xl and lifecycled, beside Debian's xl: guests with disk and network are created, listed by both, changed,
# stopped and destroyed; whoever is killed meanwhile, nothing is left in the end. It passes on Xen, too.
. /job/lib.sh
trap '' PIPE

own_xl=/opt/proxenos/usr/sbin/xl
own_lifecycled=/opt/proxenos/usr/sbin/proxenos-lifecycled
# What xl starts where nothing of ours is in its place.
PROXENOS_XENCONSOLE=$(find /opt/proxenos -name xenconsole)
export PROXENOS_XENCONSOLE

# From here on "xl" is ours.
xl() {
	"$own_xl" "$@"
}

theirs() {
	/usr/sbin/xl "$@"
}

start_lifecycled() {
	"$own_lifecycled" >>/run/lifecycled.log 2>&1 &
	lifecycled=$!
}

kill_lifecycled() {
	kill -9 $lifecycled
	wait $lifecycled 2>/dev/null
}

# What passes by itself: times, who runs at this moment and where. And what only one of the hypervisors
# answers, the topology of devices, of which Debian's xl says nothing on the other.
without_times() {
	sed 's/ [0-9]*\.[0-9]\($\| \)/ T\1/; s/ [r-][b-]-\(---\|\) / S /; s/[0-9]   S / C S /
		/^device \|^No device/d'
}

# Both print the same; something may have changed between two looks, so there are several.
same_output() {
	for look in 1 2 3 4 5; do
		xl "$@" 2>/dev/null | without_times >/run/ours
		theirs "$@" 2>/dev/null | without_times >/run/theirs
		cmp -s /run/ours /run/theirs && return 0
	done
	diff /run/theirs /run/ours | sed 's/^/# /' | head -20
	return 1
}

# Nodes of domains, without those that time changes.
store_nodes() {
	xenstore-ls -f | grep -v '^/tool\|^/local/domain/0/\(control\|name\|domid\|memory\|libxl\)' |
		grep -v '^/\(local\|libxl\|vm\|local/domain\|local/domain/0\|local/pool.*\) = '
}

store_is_as_before() {
	store_nodes >/run/nodes.now
	diff /run/nodes.before /run/nodes.now | sed 's/^/# /' | head -20
	cmp -s /run/nodes.before /run/nodes.now
}

disk_is_listed() {
	xl block-list "$1" | grep -q "/vbd/[0-9]*/$2 *$"
}

# What was seen when it was another number is kept to be shown.
nics_are() {
	xl network-list "$1" >/run/nics 2>&1
	[ "$(awk 'NR > 1' /run/nics | grep -c '^[0-9]')" = "$2" ] || ! cp /run/nics /run/nics.before
}

nothing_pending() {
	[ -z "$(ls /run/proxenos/create 2>/dev/null)" ]
}

# The first guest makes dom0 and the hypervisor grow tables that stay.
start_lifecycled
check a_guest_is_created create_guest warm 128 1 "ip=10.0.5.9/24 halt" 'vif = [ "bridge=xenbr0" ]'
check it_powers_off_and_lifecycled_destroys_it wait_until $patience guest_is_gone warm
store_nodes >/run/nodes.before
before=$(free-pages)

# --- created, listed, changed
dd if=/dev/zero of=/run/file.img bs=1M count=4 2>/dev/null
dd if=/dev/zero of=/run/more.img bs=1M count=4 2>/dev/null
check a_guest_with_disk_and_network_is_created create_guest web 192 2 "ip=10.0.5.11/24 disk=xvdb ping=10.0.5.1" \
	'disk = [ "format=raw,vdev=xvdb,access=w,target=/run/file.img" ]' 'vif = [ "bridge=xenbr0" ]'
check its_disk_works guest_will_say web $patience "disk xvdb md5"
check its_network_works guest_will_say web $patience "ping 10.0.5.1 answers"
check its_console_answers console_answers web 'echo sum=$((40 + 2))' sum=42
[ $failed = 0 ] || show_console web
check debians_xl_lists_it sh -c 'xl list web >/dev/null'
for form in "list" "list -v" "list -c" "list -n" "vcpu-list" "vm-list" "cpupool-list" "sched-credit2" "claims" \
	"block-list web" "network-list web" "domid web" "info" "info -n" "sched-credit"; do
	# shellcheck disable=SC2086
	check "same_as_debians_$(echo "$form" | tr -c 'a-z0-9\n' _)" same_output $form
done
check debians_xl_reads_its_configuration sh -c 'xl list -l web | grep -q "\"name\": \"web\","'
check we_read_it_too sh -c "$own_xl list -l web | grep -q '\"name\": \"web\",'"
check its_state_is_in_the_json sh -c "$own_xl list --json web | grep -q '\"shutdown_reason\": null'"
check memory_is_taken xl mem-set web 128
check it_gives_the_memory wait_until $patience has_shrunk web 140
check a_vcpu_is_pinned xl vcpu-pin web 0 0
check the_pin_is_shown sh -c "$own_xl vcpu-list web | awk '\$3 == 0 {print \$7}' | grep -qx 0"
check vcpus_are_taken xl vcpu-set web 1
check weight_is_set xl sched-credit2 -d web -w 512
check weight_is_shown sh -c "$own_xl sched-credit2 -d web | grep -q 'web .* 512 '"
check a_disk_is_attached xl block-attach web phy:"$(/sbin/losetup -f --show /run/more.img)",xvdc,w
check it_is_listed wait_until $patience disk_is_listed web 51744
check it_is_detached xl block-detach web xvdc
/sbin/losetup -d "$(/sbin/losetup -j /run/more.img | cut -d: -f1)" 2>/dev/null
check an_interface_is_attached xl network-attach web bridge=xenbr0 mac=00:16:3e:11:22:44
check there_are_two wait_until $patience nics_are web 2
[ ! -e /run/nics.before ] || sed "s/^/# at first: /" /run/nics.before
check it_is_detached_by_its_address xl network-detach web 00:16:3e:11:22:44
check there_is_one nics_are web 1
check a_core_is_dumped xl dump-core web /run/core
check it_has_all_pages [ "$(stat -c %s /run/core)" -gt 100000000 ]
rm -f /run/core
check pause xl pause web
check it_is_paused state_is web '??p*'
check unpause xl unpause web
check rename xl rename web web2
check debians_xl_knows_the_new_name [ "$(theirs domid web2)" = "$(xl domid web2)" ]
xl rename web2 web
check sysrq_reaches_it xl sysrq web h
check debug_keys xl debug-keys h
check config_update xl config-update web /run/web.cfg

# --- policies
kill_lifecycled
check shutdown_is_waited_for timeout $patience "$own_xl" shutdown -w web
check without_lifecycled_it_stays state_is web '---s-*'
start_lifecycled
check lifecycled_started_later_destroys_it wait_until $patience guest_is_gone web
check the_loop_device_is_released wait_until $patience loop_is_free /run/file.img
create_guest crash 128 1 "sysrq_always_enabled" 'on_crash = "preserve"'
check another_guest_comes_up guest_will_say crash $patience ready
sed -i 's/^on_crash = "destroy"//' /run/crash.cfg
check it_crashes xl sysrq crash c
check its_crash_is_seen wait_until $patience state_is crash '????c*'
xl destroy crash
check it_is_destroyed guest_is_gone crash

# --- killed creators
attempts=0
while [ $attempts -lt 3 ]; do
	attempts=$((attempts + 1))
	sed "s/^name = .*/name = \"killed$attempts\"/" /run/crash.cfg >/run/killed.cfg
	"$own_xl" create -q -p /run/killed.cfg &
	creator=$!
	sleep 0.$attempts
	kill -9 $creator 2>/dev/null
	wait $creator 2>/dev/null
	# One that was whole already stays, as it should.
	xl destroy killed$attempts 2>/dev/null
done
check what_killed_creators_left_is_removed wait_until $patience nothing_pending
only_dom0() {
	[ "$(xl list | wc -l)" = 2 ]
}
check no_half_made_domain_remains wait_until $patience only_dom0
only_dom0 || xl list | sed 's/^/# /'

# --- refused
echo 'name = "bad"
memory = 64
kernel = "/nonexistent"' >/run/bad.cfg
xl create -q /run/bad.cfg 2>/run/bad.err
check a_missing_kernel_is_an_error [ $? = 3 ]
check and_is_named grep -q /nonexistent /run/bad.err
echo 'name = "big"
memory = 1000000
kernel = "/boot/vmlinuz"' >/run/big.cfg
xl create -q /run/big.cfg 2>/run/big.err
check too_little_memory_is_an_error [ $? != 0 ]
check and_says_how_much_there_is grep -q 'MiB are free' /run/big.err

# --- at the host's beginning and end
mkdir -p /etc/xen/auto
sed 's/^name = .*/name = "auto"/; s/ sysrq_always_enabled//' /run/crash.cfg >/etc/xen/auto/auto.cfg
check the_hosts_guest_is_started "$own_lifecycled" start-guests
check it_comes_up_by_itself guest_will_say auto $patience ready
check it_is_stopped "$own_lifecycled" stop-guests 600
check and_is_gone wait_until $patience guest_is_gone auto
[ $failed = 0 ] || sed 's/^/# lifecycled: /' /run/lifecycled.log | tail -40

check the_store_is_as_before store_is_as_before
check every_frame_came_back all_pages_returned "$before" 32
check no_configuration_is_left [ "$(ls /var/lib/xen/userdata-d.[1-9]* 2>/dev/null | wc -l)" = 0 ]
kill $lifecycled
finish
