/*
 * Filling error values. The message is made clean here, once: whatever a platform or a file put into it, what is
 * stored, sent over the socket and shown is one line of valid UTF-8 without control characters.
 *
 * Not for logging: a function reports or logs, and this floor only reports.
 */
#include "core/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/str.h"

/* Wider than the message, so that a prefix or a quoted message never loses more than its end. */
#define DRAFT_BYTES 1024u

static const char *const advice_names[] = {
	[ADVISE_NONE] = "none",
	[ADVISE_RETRY] = "retry",
	[ADVISE_WAIT] = "wait",
	[ADVISE_REAUTH] = "reauth",
	[ADVISE_REJECT] = "reject",
	[ADVISE_VERIFY] = "verify",
	[ADVISE_BUG] = "bug",
};

static const char *const domain_names[] = {
	[ERROR_NONE] = "none",
	[ERROR_OS] = "os",
	[ERROR_STORE] = "store",
	[ERROR_HTTP] = "http",
	[ERROR_PROTO] = "proto",
	[ERROR_CONFIG] = "config",
	[ERROR_INPUT] = "input",
	[ERROR_STATE] = "state",
	[ERROR_ACCESS] = "access",
	[ERROR_MISSING] = "missing",
	[ERROR_PLATFORM] = "platform",
};

/* Copy what fits of a draft, whole characters only; `cut` says that the draft itself has lost its end. */
static void set_message(struct error *err, struct str draft, bool cut)
{
	size_t n = 0;

	while (draft.n > 0) {
		size_t step = str_utf8_step(draft);
		const char *p = draft.p;
		size_t copied = step;

		if (step == 0 && cut && draft.n < 4) {
			break; /* a character halved by the end of the draft, not a bad byte */
		}
		if (step == 0) {
			p = "?";
			step = copied = 1;
		} else if (str_is_control(str_sub(draft, 0, step))) {
			p = " ";
			copied = 1;
		}
		if (n + copied >= sizeof(err->message)) {
			break;
		}
		memcpy(err->message + n, p, copied);
		n += copied;
		draft = str_sub(draft, step, draft.n);
	}
	err->message[n] = '\0';
}

static void set_draft(struct error *err, const char *draft, int n)
{
	bool cut = n >= (int)DRAFT_BYTES;

	if (n < 0) {
		set_message(err, STR("unprintable message"), false);
		return;
	}
	set_message(err, (struct str){ draft, cut ? DRAFT_BYTES - 1 : (size_t)n }, cut);
}

bool error_set(struct error *err, enum error_domain domain, enum error_advice advice, int code, const char *format, ...)
{
	char draft[DRAFT_BYTES];
	va_list args;
	int n;

	if (!err) {
		return false;
	}
	va_start(args, format);
	n = vsnprintf(draft, sizeof(draft), format, args);
	va_end(args);
	/* Only now: an argument may be the old message. */
	*err = (struct error){ .domain = domain, .advice = advice, .code = code };
	set_draft(err, draft, n);
	return false;
}

bool error_set_errno(struct error *err, const char *format, ...)
{
	char context[DRAFT_BYTES - 128], reason_room[96];
	int code = errno;
	const char *reason = strerror_r(code, reason_room, sizeof(reason_room));
	va_list args;
	int n;

	if (!err) {
		return false;
	}
	va_start(args, format);
	n = vsnprintf(context, sizeof(context), format, args);
	va_end(args);
	return error_set(err, ERROR_OS, ADVISE_RETRY, code, "%s: %s", n < 0 ? "unprintable message" : context, reason);
}

bool error_prefix(struct error *err, const char *format, ...)
{
	char draft[DRAFT_BYTES];
	va_list args;
	int n, more;

	if (!err) {
		return false;
	}
	va_start(args, format);
	n = vsnprintf(draft, sizeof(draft), format, args);
	va_end(args);
	if (n >= 0 && n < (int)sizeof(draft)) {
		more = snprintf(draft + n, sizeof(draft) - (size_t)n, ": %s", err->message);
		n = more < 0 ? more : n + more;
	}
	set_draft(err, draft, n);
	return false;
}

void error_clear(struct error *err)
{
	if (err) {
		*err = (struct error){ 0 };
	}
}

static bool parse(const char *name, const char *const *names, size_t n, size_t *ret_index)
{
	for (size_t i = 0; name && i < n; i++) {
		if (strcmp(names[i], name) == 0) {
			*ret_index = i;
			return true;
		}
	}
	return false;
}

const char *error_advice_name(enum error_advice advice)
{
	return (size_t)advice < ARRAY_LEN(advice_names) ? advice_names[advice] : "unknown";
}

const char *error_domain_name(enum error_domain domain)
{
	return (size_t)domain < ARRAY_LEN(domain_names) ? domain_names[domain] : "unknown";
}

bool error_advice_parse(const char *name, enum error_advice *ret_advice)
{
	size_t i;

	if (!parse(name, advice_names, ARRAY_LEN(advice_names), &i)) {
		return false;
	}
	*ret_advice = (enum error_advice)i;
	return true;
}

bool error_domain_parse(const char *name, enum error_domain *ret_domain)
{
	size_t i;

	if (!parse(name, domain_names, ARRAY_LEN(domain_names), &i)) {
		return false;
	}
	*ret_domain = (enum error_domain)i;
	return true;
}
