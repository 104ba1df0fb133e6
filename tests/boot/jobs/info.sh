# SPDX-License-Identifier: GPL-2.0-or-later
# The hypervisor answers the tools: xl info, xl list, the log, and dom0's own store entry.
. /job/lib.sh

info=$(xl info)
check xl_info_knows_the_version [ -n "$(echo "$info" | sed -n 's/^xen_version *: *4\.17.*/yes/p')" ]
check xl_info_counts_the_cpus [ "$(echo "$info" | sed -n 's/^nr_cpus *: *//p')" -ge 1 ]
check xl_info_offers_pv [ -n "$(echo "$info" | grep '^xen_caps.*xen-3.0-x86_64')" ]
check xl_info_counts_free_memory [ "$(echo "$info" | sed -n 's/^free_memory *: *//p')" -ge 512 ]
check xl_list_shows_dom0_running [ -n "$(xl list | grep '^Domain-0  *0 .* r')" ]
check xl_dmesg_reads_the_log [ "$(xl dmesg | wc -l)" -ge 10 ]
check the_store_names_dom0 [ "$(xenstore-read /local/domain/0/name)" = Domain-0 ]
check free_pages_can_be_counted [ "$(free-pages)" -gt 0 ]
finish
