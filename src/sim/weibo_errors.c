/*
 * The error table. Texts and statuses that were observed in the wild are kept to the letter, spelling included; the
 * others follow the rule of weibo.md 8: parameters, content and targets 400, permission, tokens and limits 403.
 */
#include "sim/weibo_errors.h"

#include "core/attr.h"

static const struct refusal table[] = {
	{ 10001, 500, "system error" },
	{ 10002, 503, "service unavailable" },
	{ 10003, 503, "remote service error" },
	{ 10004, 400, "Ip Limit, request ip is not contained in safety ip" },
	{ 10005, 403, "permission denied, need a high level appkey" },
	{ 10006, 400, "source paramter(appkey) is missing" },
	{ 10007, 400, "unsupport mediatype (multipart/form-data)" },
	{ 10008, 400, "param error, see doc for more info." },
	{ 10009, 503, "too many pending tasks, system is busy" },
	{ 10010, 500, "job expired" },
	{ 10011, 500, "RPC error" },
	{ 10012, 400, "illegal request" },
	{ 10013, 403, "invalid weibo user" },
	{ 10014, 403, "Insufficient app permissions!" },
	{ 10016, 400, "miss required parameter" },
	{ 10017, 400, "parameter value invalid" },
	{ 10018, 400, "request body length over limit" },
	{ 10020, 404, "request api not found" },
	{ 10021, 400, "HTTP METHOD is not suported for this request!" },
	{ 10022, 403, "IP requests out of rate limit!" },
	{ 10023, 403, "User requests out of rate limit!" },
	{ 10024, 403, "User requests out of rate limit!" },
	{ 10025, 400, "internal parameter error" },
	{ 20001, 400, "ids is null" },
	{ 20002, 400, "uid parameter is null" },
	{ 20003, 400, "User does not exists!" },
	{ 20005, 400, "unsupported image type, only suport JPG, GIF, PNG" },
	{ 20006, 400, "image size too large" },
	{ 20007, 400, "does multipart has image" },
	{ 20008, 400, "content is null" },
	{ 20009, 400, "too many IDs" },
	{ 20012, 400, "Text too long, please input text less than 140 characters!" },
	{ 20014, 400, "security parameter error, please try again" },
	{ 20015, 400, "account or ip or app is illegal, can not continue" },
	{ 20016, 403, "out of time limitation" },
	{ 20017, 400, "repeated similar content" },
	{ 20018, 400, "contain illegal website" },
	{ 20019, 400, "repeat content!" },
	{ 20020, 400, "contain advertising" },
	{ 20021, 400, "content is illegal" },
	{ 20022, 400, "your ip's behave in a comic boisterous or unruly manner" },
	{ 20023, 400, "this function is temporarily unavailable" },
	{ 20031, 400, "test and verify" },
	{ 20032, 400, "Update success, while server slow now, please wait 1-2 minutes" },
	{ 20033, 400, "login state abnormal" },
	{ 20049, 400, "Text too long" },
	{ 20101, 400, "target weibo does not exist!" },
	{ 20102, 400, "not your own weibo!" },
	{ 20103, 400, "can't repost yourself weibo" },
	{ 20104, 400, "illegal weibo" },
	{ 20109, 400, "weibo id is null" },
	{ 20111, 400, "repeated weibo text" },
	{ 20112, 400, "privacy settings forbid viewing this weibo" },
	{ 20120, 400, "privacy settings forbid reposting this weibo" },
	{ 20121, 400, "visible parameter is invalid" },
	{ 20201, 400, "target weibo comment does not exist!" },
	{ 20202, 400, "illegal comment" },
	{ 20203, 400, "not your own comment" },
	{ 20204, 400, "comment id is null" },
	{ 20206, 400, "this author only allows people he follows to comment" },
	{ 20207, 400, "this author only allows trusted users to comment" },
	{ 20508, 400, "privacy settings forbid this operation" },
	{ 21301, 403, "auth faild!" },
	{ 21314, 403, "token used" },
	{ 21315, 403, "token expired" },
	{ 21316, 403, "token revoked" },
	{ 21317, 403, "token rejected" },
	{ 21319, 403, "accessor was revoked" },
	{ 21321, 403, "applications over the unaudited use restrictions!" },
	{ 21322, 400, "redirect_uri_mismatch" },
	{ 21323, 400, "invalid_request" },
	{ 21324, 400, "invalid_client" },
	{ 21325, 400, "invalid_grant" },
	{ 21327, 403, "expired_token" },
	{ 21328, 400, "unsupported_grant_type" },
	{ 21329, 400, "unsupported_response_type" },
	{ 21330, 403, "access_denied" },
	{ 21331, 403, "temporarily_unavailable" },
	{ 21332, 403, "invalid_access_token" },
	{ 21335, 403, "request uid's value must be the current user" },
	{ 21602, 400, "contains forbid world" },
};

struct refusal refusal_of(int64_t code)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		if (table[i].code == code) {
			return table[i];
		}
	}
	return (struct refusal){ code, code >= 21300 && code < 21400 ? 403 : 400, "unknown error" };
}
