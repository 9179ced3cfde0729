package secret

import (
	"regexp"
	"strings"
)

// Redacted stands where a secret stood.
const Redacted = "[redacted]"

// ours are our own secrets and tokens, whole or cut short.
var ours = regexp.MustCompile(`(dcr[rst]_)[A-Za-z0-9_-]+`)

// jwt finds what begins like the header of a JWT: a brace, white space or not,
// and more, in base64url. Its claims alone say more than a log should.
var jwt = regexp.MustCompile(`e(?:yJ|yA|wo|w0|wk)[A-Za-z0-9_-]{7,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)*`)

// Redact hides client secrets, opaque tokens, and JWTs (access tokens and
// software statements) in a text that is to be shown or logged.
func Redact(text string) string {
	// JWTs come first: a secret's prefix in front of one must not end in its
	// header's place and leave the claims.
	if strings.Contains(text, "ey") || strings.Contains(text, "ew") {
		text = jwt.ReplaceAllString(text, Redacted)
	}
	if strings.Contains(text, "dcr") {
		text = ours.ReplaceAllString(text, "${1}"+Redacted)
	}
	return text
}
