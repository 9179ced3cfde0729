package refusal

import (
	"net/http"
	"strings"

	"github.com/caddy-dcr/caddy-dcr/internal/endpoint"
	"github.com/caddy-dcr/caddy-dcr/internal/oautherr"
)

// redirect sends a browser back to the application, which can show what it
// likes there. It reports whether it has answered.
func redirect(w http.ResponseWriter, target string) bool {
	location, ok := withError(target)
	if !ok {
		return false
	}
	w.Header().Set("Location", location)
	w.WriteHeader(http.StatusFound)
	return true
}

// withError adds the error to the query of an absolute URL, and leaves every
// other byte alone. An error that is there already goes: the application might
// read the first.
//
// net/url would not do: it lowers the letters of a scheme and knows no
// underscore in it, while custom schemes are random text that Android compares
// exactly.
func withError(target string) (string, bool) {
	scheme, _, absolute := strings.Cut(target, ":")
	if !absolute || scheme == "" || strings.ContainsAny(scheme, "/?#") || strings.ContainsFunc(target, unprintable) {
		return "", false
	}
	rest, fragment, fragmented := strings.Cut(target, "#")
	base, query, _ := strings.Cut(rest, "?")
	if query = endpoint.RemoveQuery(query, "error"); query != "" {
		query += "&"
	}
	location := base + "?" + query + "error=" + string(oautherr.AccessDenied)
	if fragmented {
		location += "#" + fragment
	}
	return location, true
}

// unprintable holds for what must not stand in a header as it is.
func unprintable(r rune) bool { return r <= ' ' || r >= 0x7f }
