package oauth

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
)

type credentials struct{ id, secret string }

// basicCredentials reads HTTP Basic (RFC 7617), or nil when the request has
// none. RFC 6749 section 2.3.1 wants id and secret form-encoded before they
// are put together; many clients do not do it. Both are read alike, because
// the ids and secrets that we mint have no character that the encoding
// changes. Another scheme is none of the token endpoint's business. What is
// malformed is invalid_request: invalid_client would tell a device to register
// again.
func basicCredentials(header http.Header) (*credentials, error) {
	lines := header["Authorization"]
	switch len(lines) {
	case 0:
		return nil, nil
	case 1:
	default:
		return nil, invalid("more than one Authorization header")
	}
	scheme, rest, _ := strings.Cut(strings.TrimSpace(lines[0]), " ")
	if !strings.EqualFold(scheme, "Basic") {
		return nil, nil
	}
	rest = strings.TrimSpace(rest)
	if len(rest) > maxBasic {
		return nil, invalid("the Authorization header is too long")
	}
	decoded, err := base64.StdEncoding.Strict().DecodeString(rest)
	if err != nil {
		return nil, invalid("HTTP Basic is not base64")
	}
	raw, ok := split(string(decoded))
	if !ok {
		return nil, invalid("HTTP Basic needs an id, a colon and a secret")
	}
	unescaped := raw.unescape()
	return &unescaped, nil
}

// maxBasic is far more than our ids and secrets need, in any encoding.
const maxBasic = 4 << 10

// split cuts at the first colon: an id cannot hold one (RFC 7617 section 2).
func split(pair string) (credentials, bool) {
	id, secret, found := strings.Cut(pair, ":")
	return credentials{id, secret}, found && id != "" && secret != ""
}

// unescape undoes the form encoding, and leaves alone what is not encoded so.
func (c credentials) unescape() credentials {
	id, err := url.QueryUnescape(c.id)
	if err != nil {
		return c
	}
	secret, err := url.QueryUnescape(c.secret)
	if err != nil {
		return c
	}
	return credentials{id, secret}
}
