# SPDX-License-Identifier: GPL-2.0-or-later
# Three PV guests with 1, 2 and 4 virtual CPUs live side by side, speak, read their store, and leave
# every frame behind when they are destroyed.
. /job/lib.sh

check a_guest_boots_and_powers_off warm_up
before=$(free-pages)
for cpus in 1 2 4; do
	check guest_with_${cpus}_vcpus_is_created create_guest "g$cpus" 256 $cpus ""
done
for cpus in 1 2 4; do
	if guest_will_say g$cpus $patience "ready name=g$cpus home=/local/domain/[0-9]* vcpus=$cpus"; then
		echo "ok guest_with_${cpus}_vcpus_speaks_and_reads_its_store"
	else
		echo "not ok guest_with_${cpus}_vcpus_speaks_and_reads_its_store"
		failed=1
		show_console g$cpus
	fi
done
check three_guests_run_side_by_side [ "$(xl list | grep -c '^g[124] ')" = 3 ]
check the_store_shows_its_home guest_says g4 "store memory ="
xl list | sed 's/^/# /'
for cpus in 1 2 4; do
	check guest_with_${cpus}_vcpus_is_destroyed xl destroy g$cpus
done
check no_guest_remains [ "$(xl list | wc -l)" = 2 ]
# Three guests at once make dom0's own port and grant tables grow past the one of the warm-up: real Xen keeps
# 4 frames. Exact counts are create-destroy.sh's.
check every_frame_came_back all_pages_returned "$before" 8
finish
