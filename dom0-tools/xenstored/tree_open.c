/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opening the database: who may, whether it is of this boot, whether it is whole.
 *
 *	DIR/lock      held with flock() by the daemon that uses the folder
 *	DIR/data.mdb  LMDB without a lock file of its own: there is one process
 *
 * A database that is damaged is refused, by name and with what to do; it is never replaced by an
 * empty one unless TREE_FRESH says so, and then it stays beside it as data.mdb.old. One of an
 * earlier boot is moved aside too: its domains are gone. Looking into a damaged file can end in
 * SIGSEGV or SIGBUS inside LMDB, so the first look (sizes, header, with TREE_VERIFY every record)
 * is a child's.
 */
#include "xenstored/tree.h"
#include "xenstored/tree_record.h"

#include "lib/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#define FIRST_SIZE ((size_t)4 << 20)
#define MAGIC "Proxenos store 2"

/* m 0 0 */
struct tree_header {
	char magic[16];
	uint8_t secret[16];
	char boot[40];
};

static const unsigned int env_flags = MDB_NOSUBDIR | MDB_NOSYNC | MDB_NOLOCK | MDB_NORDAHEAD;

static void read_boot_id(char boot[40])
{
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");

	memset(boot, 0, 40);
	if (file) {
		if (!fgets(boot, 40, file)) {
			boot[0] = '\0';
		}
		fclose(file);
	}
	boot[strcspn(boot, "\n")] = '\0';
}

static char *path_in(const char *dir, const char *name)
{
	struct bytes path = {0};

	bytes_format(&path, "%s/%s", dir, name);
	bytes_add(&path, "", 1);
	return path.data;
}

static int make_folder(const char *dir, struct report *report)
{
	struct stat info;
	int err;

	if (mkdir(dir, 0700) < 0 && errno != EEXIST) {
		err = report_error(report, errno, "database folder %s cannot be made", dir);
		report_next(report, "make it, or name another one with --database");
		return err;
	}
	if (stat(dir, &info) < 0 || !S_ISDIR(info.st_mode)) {
		err = report_error(report, ENOTDIR, "database folder %s", dir);
		report_next(report, "name another folder with --database");
		return err;
	}
	return 0;
}

static int take_lock(struct tree *tree, struct report *report)
{
	char *path = path_in(tree->dir, "lock");
	int err = 0;

	tree->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (tree->lock < 0) {
		err = report_error(report, errno, "database folder %s cannot be written",
				   tree->dir);
		report_next(report, "make it writable for root, or name another with --database");
	} else if (flock(tree->lock, LOCK_EX | LOCK_NB) < 0) {
		err = report_error(report, errno, "database %s is in use", tree->dir);
		report_next(report, "another xenstored runs: end it first, or use --database");
		close(tree->lock);
		tree->lock = -1;
	}
	free(path);
	return err;
}

static int open_env(struct tree *tree, const char *path, unsigned int flags, size_t size)
{
	int err = mdb_env_create(&tree->env);

	if (!err) {
		mdb_env_set_mapsize(tree->env, size);
		err = mdb_env_open(tree->env, path, env_flags | flags, 0600);
	}
	if (err && tree->env) {
		mdb_env_close(tree->env);
		tree->env = NULL;
	}
	return record_errno(err);
}

static int open_dbi(struct tree *tree, bool readonly)
{
	MDB_txn *txn;
	int err = mdb_txn_begin(tree->env, NULL, readonly ? MDB_RDONLY : 0, &txn);

	if (!err) {
		err = mdb_dbi_open(txn, NULL, 0, &tree->dbi);
		if (!err) {
			err = mdb_txn_commit(txn);
		} else {
			mdb_txn_abort(txn);
		}
	}
	return record_errno(err);
}

static int read_header(struct tree *tree, struct tree_header *header)
{
	const char *data;
	size_t size;
	int err = tree_get(tree, 'm', 0, 0, &data, &size);

	if (!err && (size != sizeof(*header) || memcmp(data, MAGIC, sizeof(header->magic)) != 0)) {
		err = -EIO;
	}
	if (!err) {
		memcpy(header, data, sizeof(*header));
	}
	return err;
}

static int damaged(const char *path, struct report *report)
{
	int err = report_error(report, EIO, "database %s is damaged", path);

	report_next(report,
		    "xenstored --fresh keeps it as %s.old and begins with an empty store: "
		    "running domains then have to be restarted",
		    path);
	return err;
}

/* In the child: opens read-only and looks. The answer is the exit status. */
static int look(const char *dir, const char *path, bool all, struct report *report)
{
	struct tree tree = {.dir = memory_copy(dir), .lock = -1};
	struct tree_header header;
	struct stat info;
	MDB_envinfo env;
	uint64_t nodes;
	int err = open_env(&tree, path, MDB_RDONLY, 0);

	if (err) {
		return err == -EACCES || err == -EPERM ? err : -EIO;
	}
	mdb_env_info(tree.env, &env);
	if (stat(path, &info) < 0 || (uint64_t)info.st_size < (env.me_last_pgno + 1) * 4096) {
		report_error(report, EIO, "database %s is cut off: %lld bytes instead of %llu",
			     path, (long long)info.st_size,
			     (unsigned long long)(env.me_last_pgno + 1) * 4096);
		return -EIO;
	}
	err = open_dbi(&tree, true);
	if (!err) {
		err = read_header(&tree, &header);
	}
	if (!err) {
		char boot[40];

		read_boot_id(boot);
		if (memcmp(boot, header.boot, sizeof(boot)) != 0) {
			return -ESTALE;
		}
		memcpy(tree.secret, header.secret, sizeof(tree.secret));
		err = all ? tree_check(&tree, &nodes, report) : 0;
	}
	return err;
}

static int look_in_child(const char *dir, const char *path, bool all, struct report *report)
{
	int status;
	pid_t child = fork();

	if (child < 0) {
		return report_error(report, errno, "database %s: the check cannot be started",
				    path);
	}
	if (child == 0) {
		struct report found = {0};
		int err = look(dir, path, all, &found);

		report_print(&found, "xenstored", false, stderr);
		_exit(-err & 0xff);
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		return 0;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == ESTALE) {
		return -ESTALE;
	}
	if (WIFEXITED(status) && (WEXITSTATUS(status) == EACCES || WEXITSTATUS(status) == EPERM)) {
		return report_error(report, EACCES, "database %s cannot be read", path);
	}
	return damaged(path, report);
}

static int move_aside(struct tree *tree, const char *path, struct report *report)
{
	char *old = path_in(tree->dir, "data.mdb.old");
	int err = 0;

	if (rename(path, old) < 0 && errno != ENOENT) {
		err = report_error(report, errno, "database %s cannot be moved to %s", path, old);
	}
	free(old);
	return err;
}

/* A journal without its database: somebody removed that under running guests. */
static int check_missing(const char *path, const char *journal, struct report *report)
{
	int err;

	if (access(journal, F_OK) != 0) {
		return 0;
	}
	err = report_error(report, EIO, "database %s is missing, its journal is there", path);
	report_next(report, "restore it; xenstored --fresh begins with an empty store, and running "
			    "domains then have to be restarted");
	return err;
}

static int make_header(struct tree *tree)
{
	struct tree_header header = {0};
	int err;

	memcpy(header.magic, MAGIC, sizeof(header.magic));
	if (getrandom(header.secret, sizeof(header.secret), 0) != sizeof(header.secret)) {
		return -EIO;
	}
	read_boot_id(header.boot);
	memcpy(tree->secret, header.secret, sizeof(tree->secret));
	err = tree_put(tree, 'm', 0, 0, &header, sizeof(header));
	return err ? err : tree_commit(tree);
}

/* Space for everything the map can reach; see tree.h. */
static int give_blocks(struct tree *tree, const char *path, struct report *report)
{
	mdb_filehandle_t file;
	struct stat info;
	int err;

	mdb_env_get_fd(tree->env, &file);
	if (fstat(file, &info) == 0 && (size_t)info.st_size >= tree->map_size &&
	    (size_t)info.st_blocks * 512 >= tree->map_size) {
		return 0; /* it has them: going over them all would take longer than the rest */
	}
	err = posix_fallocate(file, 0, (off_t)tree->map_size);
	if (err) {
		err = report_error(report, err, "database %s needs %zu bytes", path,
				   tree->map_size);
		report_next(report, "make room on that file system, or use --database");
	}
	return err;
}

static int open_data(struct tree *tree, const char *path, bool fresh, struct report *report)
{
	struct tree_header header;
	struct stat info;
	int err;

	tree->map_size = FIRST_SIZE;
	if (!fresh && stat(path, &info) == 0 && (size_t)info.st_size > tree->map_size) {
		tree->map_size = ((size_t)info.st_size + 4095) & ~(size_t)4095;
	}
	err = open_env(tree, path, MDB_WRITEMAP, tree->map_size);
	if (err) {
		return err == -EIO
			       ? damaged(path, report)
			       : report_error(report, -err, "database %s cannot be opened", path);
	}
	err = give_blocks(tree, path, report);
	if (err) {
		return err;
	}
	err = open_dbi(tree, false);
	if (!err && fresh) {
		err = make_header(tree);
	} else if (!err) {
		err = read_header(tree, &header);
		memcpy(tree->secret, header.secret, sizeof(tree->secret));
	}
	return err ? damaged(path, report) : 0;
}

int tree_open(struct tree *tree, const char *dir, unsigned int flags, bool *fresh,
	      struct report *report)
{
	char *path = path_in(dir, "data.mdb");
	char *journal = path_in(dir, "journal");
	int err;

	tree->lock = -1;
	tree->dir = memory_copy(dir);
	err = make_folder(dir, report);
	if (!err) {
		err = take_lock(tree, report);
	}
	*fresh = !err && access(path, F_OK) != 0;
	if (!err && *fresh && !(flags & TREE_FRESH)) {
		err = check_missing(path, journal, report);
	} else if (!err && !*fresh) {
		err = flags & TREE_FRESH ? -ESTALE
					 : look_in_child(dir, path, flags & TREE_VERIFY, report);
		if (err == -ESTALE) {
			*fresh = true;
			unlink(journal); /* first: it has no meaning without its database */
			err = move_aside(tree, path, report);
		}
	}
	if (!err) {
		err = open_data(tree, path, *fresh, report);
		if (err && *fresh) {
			unlink(path); /* a half-made one would look damaged next time */
		}
	}
	free(path);
	free(journal);
	if (err) {
		tree_close(tree);
	}
	return err;
}

void tree_close(struct tree *tree)
{
	tree_abort(tree);
	if (tree->reader) {
		mdb_txn_abort(tree->reader);
	}
	if (tree->env) {
		mdb_env_close(tree->env);
	}
	if (tree->lock >= 0) {
		close(tree->lock);
	}
	bytes_free(&tree->scratch);
	bytes_free(&tree->spare);
	free(tree->dir);
	*tree = (struct tree){.lock = -1};
}
