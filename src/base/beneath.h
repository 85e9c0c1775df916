/* SPDX-License-Identifier: MIT */
/* beneath.h: opens what lies below a folder, and nothing that a link could lead to.
 *
 *     const char *name;
 *     int parent = tote_beneath_parent(folder, "a/b/c.txt", &name); // a/b, "c.txt"
 *     fstatat(parent, name, &info, AT_SYMLINK_NOFOLLOW);
 *
 * By openat2 with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS; where the kernel has none,
 * or a filter forbids it, component by component with O_NOFOLLOW. Makes nothing. */
#ifndef TOTE_BENEATH_H
#define TOTE_BENEATH_H

/* Whether a path can lie below a folder by its text alone: 0; -EXDEV: absolute, or with
 * a "..": it leads out; -EBADMSG: empty, too long, or with an empty, "." or too long
 * component. */
int tote_beneath_check(const char *path);

/* A new descriptor (O_CLOEXEC is added), or -errno: -ELOOP: there is a symlink on the
 * way or at its end; -EXDEV, -EBADMSG: as check. path may also be ".", the folder
 * itself. flags do not make files. */
int tote_beneath_open(int folder, const char *path, int flags);

/* The same; -EXDEV also for what lies on another filesystem, mounted on the way or at
 * the end (where there is openat2). */
int tote_beneath_open_near(int folder, const char *path, int flags);

/* The folder that holds path's last component, opened with O_PATH; *ret_name is that
 * component, borrowed from path. -errno: as open. */
int tote_beneath_parent(int folder, const char *path, const char **ret_name);

#endif
