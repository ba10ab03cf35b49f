/*
 * Markdown to the plain text of a short post, by cmark: emphasis and headings lose their marks, links become
 * "text URL" (or the URL when text and URL are the same), lists keep "- " or numbers, raw HTML is
 * dropped, paragraphs stay apart by one line end.
 */
#ifndef CODEC_MARKDOWN_H
#define CODEC_MARKDOWN_H

#include <stdbool.h>

#include "core/attr.h"
#include "core/buf.h"
#include "core/error.h"
#include "core/str.h"

bool markdown_to_text(struct buf *out, struct str markdown, struct error *err) must_check;

#endif
