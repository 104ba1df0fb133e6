/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Confining a daemon; see confine.h. The filter refuses what a daemon never does rather than
 * allowing what it does: a call that a new C library makes must not end a running store.
 */
#include "lib/confine.h"

#include "lib/report.h"

#include <errno.h>
#include <linux/capability.h>
#include <seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};

	/* Without CAP_SETPCAP this fails, and without it there is no way back by another program
	 * either: no_new_privs is set. */
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++) {
		(void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	}
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return syscall(SYS_capset, &header, none) < 0 ? -errno : 0;
}

static int filter_calls(void)
{
	static const int refused[] = {
		SCMP_SYS(execve),
		SCMP_SYS(execveat),
		SCMP_SYS(fork),
		SCMP_SYS(vfork),
		SCMP_SYS(clone),
		SCMP_SYS(clone3),
		SCMP_SYS(unshare),
		SCMP_SYS(setns),
		SCMP_SYS(ptrace),
		SCMP_SYS(process_vm_readv),
		SCMP_SYS(process_vm_writev),
		SCMP_SYS(pidfd_getfd),
		SCMP_SYS(kcmp),
		SCMP_SYS(mount),
		SCMP_SYS(umount2),
		SCMP_SYS(move_mount),
		SCMP_SYS(open_tree),
		SCMP_SYS(fsopen),
		SCMP_SYS(fsmount),
		SCMP_SYS(mount_setattr),
		SCMP_SYS(pivot_root),
		SCMP_SYS(chroot),
		SCMP_SYS(init_module),
		SCMP_SYS(finit_module),
		SCMP_SYS(delete_module),
		SCMP_SYS(kexec_load),
		SCMP_SYS(kexec_file_load),
		SCMP_SYS(reboot),
		SCMP_SYS(swapon),
		SCMP_SYS(swapoff),
		SCMP_SYS(mknod),
		SCMP_SYS(mknodat),
		SCMP_SYS(iopl),
		SCMP_SYS(ioperm),
		SCMP_SYS(bpf),
		SCMP_SYS(perf_event_open),
		SCMP_SYS(userfaultfd),
		SCMP_SYS(io_uring_setup),
		SCMP_SYS(open_by_handle_at),
		SCMP_SYS(settimeofday),
		SCMP_SYS(clock_settime),
		SCMP_SYS(clock_adjtime),
		SCMP_SYS(adjtimex),
		SCMP_SYS(setuid),
		SCMP_SYS(setreuid),
		SCMP_SYS(setresuid),
		SCMP_SYS(setgid),
		SCMP_SYS(setregid),
		SCMP_SYS(setresgid),
		SCMP_SYS(setgroups),
		SCMP_SYS(add_key),
		SCMP_SYS(request_key),
		SCMP_SYS(keyctl),
	};
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int err = filter ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < sizeof(refused) / sizeof(refused[0]); i++) {
		err = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), refused[i], 0);
	}
	if (!err) {
		err = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 1,
				       SCMP_A0_32(SCMP_CMP_NE, AF_UNIX));
	}
	if (!err) {
		err = seccomp_load(filter);
	}
	if (filter) {
		seccomp_release(filter);
	}
	return err;
}

void process_confine(struct report *report)
{
	int err = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;

	if (!err) {
		err = drop_capabilities();
	}
	if (err) {
		report_warning(report, "capabilities cannot be given up");
		report_why(report, "%s", strerror(-err));
	}
	err = filter_calls();
	if (err) {
		report_warning(report, "system calls cannot be filtered");
		report_why(report, "%s", strerror(-err));
	}
}
