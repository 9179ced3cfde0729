// Package bearer finds the access token in a request and words the challenge
// for requests that lack a good one, as RFC 6750 says.
package bearer

import (
	"errors"
	"net/http"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/internal/endpoint"
)

// The reasons for which a request gives no token.
var (
	// ErrAbsent means that the client shows no bearer token at all. Another
	// authentication scheme counts as that: RFC 6750 section 3.1 treats a
	// client that uses an unsupported method like one that did not know that
	// authentication is needed, and tells it no error code.
	ErrAbsent = errors.New("the request carries no access token")
	// ErrRepeated means that there is more than one, which RFC 6750 section 2
	// forbids: the gateway could check one and the backend believe the other.
	ErrRepeated = errors.New("the request carries more than one access token")
	// ErrMalformed means that what is there cannot be a token.
	ErrMalformed = errors.New("the access token is malformed")
)

// QueryName is the usual name of the parameter (RFC 6750 section 2.3).
const QueryName = "access_token"

// Place is where a token was found.
type Place uint8

const (
	// Header is the Authorization header.
	Header Place = iota
	// Query is the query, which needs cleaning before anybody else sees it.
	Query
)

// Token is a bearer token as the client sent it: its characters are right, and
// nothing else is known about it.
type Token struct {
	Raw string
	In  Place
}

// Extract finds the one token of the request. The query parameter is looked at
// only where the API names one; any letter case of it counts, since some
// backends would read it. Elsewhere a parameter of that name is no credential
// and none of the gateway's business.
//
// A header of another scheme beside a query token is no second token: browsers
// send the Basic credentials of a site with every request.
func Extract(r *http.Request, queryName string) (Token, error) {
	header, err := fromHeader(r.Header["Authorization"])
	if err != nil && !errors.Is(err, ErrAbsent) || queryName == "" || r.URL.RawQuery == "" {
		return Token{Raw: header}, err
	}
	query, count := endpoint.LookupQuery(r.URL.RawQuery, queryName)
	switch {
	case count == 0:
		return Token{Raw: header}, err
	case count > 1 || err == nil:
		return Token{}, ErrRepeated
	case !isToken(query):
		return Token{}, ErrMalformed
	}
	return Token{Raw: query, In: Query}, nil
}

// fromHeader reads credentials = "Bearer" 1*SP b64token, of RFC 6750 section
// 2.1, with the scheme in any case by RFC 9110 section 11.1.
func fromHeader(lines []string) (string, error) {
	switch len(lines) {
	case 0:
		return "", ErrAbsent
	case 1:
	default:
		return "", ErrRepeated
	}
	name, credentials, _ := strings.Cut(lines[0], " ")
	if !strings.EqualFold(name, "Bearer") {
		if isScheme(name) {
			return "", ErrAbsent
		}
		return "", ErrMalformed
	}
	token := strings.TrimLeft(credentials, " ")
	if !isToken(token) {
		return "", ErrMalformed
	}
	return token, nil
}

// isToken holds for b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" /
// "+" / "/" ) *"=". So a line break or a second token never gets any further.
func isToken(text string) bool {
	text = strings.TrimRight(text, "=")
	for i := range len(text) {
		if !tokenBytes[text[i]] {
			return false
		}
	}
	return text != ""
}

// isScheme holds for a token of RFC 9110 section 5.6.2.
func isScheme(text string) bool {
	for i := range len(text) {
		if c := text[i]; !tokenBytes[c] && strings.IndexByte("!#$%&'*^`|", c) < 0 || c == '/' {
			return false
		}
	}
	return text != ""
}

var tokenBytes = func() (table [256]bool) {
	const allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/"
	for i := range len(allowed) {
		table[allowed[i]] = true
	}
	return table
}()
