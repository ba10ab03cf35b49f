/*
 * References to secrets:
 *
 *	file:PATH          a file of its own, one line, readable by nobody but its owner
 *	credential:NAME    a file that the service manager put into $CREDENTIALS_DIRECTORY
 *	env:NAME           a variable of the environment
 *	anything else      the secret itself, only where the platform is on this machine
 *
 * No error tells a secret, nor a value that might be one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config_internal.h"
#include "core/limits.h"
#include "core/mem.h"

struct reference {
	const struct yaml_file *file;
	const struct yaml_node *node;
	const char *key;
	struct error *err;
};

#define refuse(reference, ...) yaml_error((reference)->file, (reference)->node, (reference)->err, __VA_ARGS__)

static void close_fd(int *fd)
{
	if (*fd >= 0) {
		close(*fd);
	}
}

/* Printable ASCII, one word: what tokens and application secrets are made of; more is the wrong file. */
static bool is_secret(struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] <= ' ' || text.p[i] > '~') {
			return false;
		}
	}
	return text.n > 0 && text.n <= LIMIT_SECRET_BYTES;
}

static bool set(const struct reference *reference, struct str value, const char *where, struct secret *ret)
{
	value = str_trim(value);
	if (!is_secret(value)) {
		return refuse(reference, "%s: %s holds no secret: one word of at most %u characters was expected",
			reference->key, where, LIMIT_SECRET_BYTES);
	}
	secret_set(ret, value);
	return true;
}

/* forbidden: permission bits that the file must not have. */
static bool read_file(const struct reference *reference, const char *path, mode_t forbidden, struct secret *ret)
{
	cleanup(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	char bytes[LIMIT_SECRET_BYTES + 64];
	struct stat st;
	size_t n = 0;
	ssize_t got = 1;
	bool ok;

	if (fd < 0 || fstat(fd, &st) < 0) {
		return refuse(reference, "%s: %s: %s", reference->key, path, strerror(errno));
	}
	if (!S_ISREG(st.st_mode)) {
		return refuse(reference, "%s: %s is no file", reference->key, path);
	}
	if (st.st_mode & forbidden) {
		return refuse(reference, "%s: others than its owner may use %s (mode %03o); make it 0600",
			reference->key, path, (unsigned)st.st_mode & 0777u);
	}
	while (n < sizeof(bytes) && (got = read(fd, bytes + n, sizeof(bytes) - n)) > 0) {
		n += (size_t)got;
	}
	if (got < 0) {
		ok = refuse(reference, "%s: %s: %s", reference->key, path, strerror(errno));
	} else {
		ok = set(reference, (struct str){ bytes, n }, path, ret);
	}
	explicit_bzero(bytes, sizeof(bytes));
	return ok;
}

static bool is_name(struct str name)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '_' &&
			(i == 0 || (c != '-' && c != '.'))) {
			return false;
		}
	}
	return name.n > 0 && name.n < 256;
}

static bool read_credential(const struct reference *reference, struct str name, struct secret *ret)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	cleanup(free_charp) char *word = NULL;
	cleanup(free_charp) char *path = NULL;

	if (!is_name(name)) {
		return refuse(reference, "%s: expected the name of a credential behind credential:", reference->key);
	}
	if (!dir || dir[0] != '/') {
		return refuse(reference,
			"%s: there are no credentials ($CREDENTIALS_DIRECTORY is not set; "
			"LoadCredential= in the unit sets it)",
			reference->key);
	}
	word = str_dup(name);
	path = config_path(dir, word);
	/* The group bits of a credential are the mask of the access list by which the service manager lets us in. */
	return read_file(reference, path, S_IRWXO, ret);
}

static bool read_variable(const struct reference *reference, struct str name, struct secret *ret)
{
	cleanup(free_charp) char *word = NULL;
	const char *value;

	if (!is_name(name)) {
		return refuse(reference, "%s: expected the name of a variable behind env:", reference->key);
	}
	word = str_dup(name);
	value = getenv(word);
	if (!value) {
		return refuse(reference, "%s: the environment has no %s", reference->key, word);
	}
	return set(reference, str_from(value), word, ret);
}

bool config_read_secret(const struct yaml_file *file, const struct yaml_node *node, const char *key, bool loopback,
	const char *dir, struct secret *ret, struct error *err)
{
	struct reference reference = { file, node, key, err };
	struct str text = node->scalar;
	cleanup(free_charp) char *name = NULL;
	cleanup(free_charp) char *path = NULL;

	if (node->kind != YAML_SCALAR || config_is_nothing(node)) {
		return yaml_error(file, node, err,
			"%s: expected file:PATH, credential:NAME or env:NAME (no blank "
			"behind the colon)",
			key);
	}
	if (str_starts(text, STR("credential:"))) {
		return read_credential(&reference, str_sub(text, 11, text.n), ret);
	}
	if (str_starts(text, STR("env:"))) {
		return read_variable(&reference, str_sub(text, 4, text.n), ret);
	}
	if (str_starts(text, STR("file:"))) {
		if (text.n == 5) {
			return yaml_error(file, node, err, "%s: expected a path behind file:", key);
		}
		name = str_dup(str_sub(text, 5, text.n));
		path = config_path(dir, name);
		return read_file(&reference, path, S_IRWXG | S_IRWXO, ret);
	}
	if (!loopback) {
		return yaml_error(file, node, err,
			"%s: expected file:PATH, credential:NAME or env:NAME; a secret in this "
			"file is for platforms on this machine only",
			key);
	}
	return set(&reference, text, "the value", ret);
}
