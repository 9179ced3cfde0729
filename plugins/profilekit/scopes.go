package profilekit

import (
	"fmt"
	"slices"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

// maxScope bounds the length of a scope value. The gateway's own scope sets
// have the same bound, and a longer one could never be granted.
const maxScope = 128

// ValidateScopes says which value is not a scope-token of RFC 6749 section
// 3.3. The comma is refused as well: it separates scopes in the Adobe form.
func ValidateScopes(scopes []string) error {
	for _, value := range scopes {
		if !validScope(value) {
			return fmt.Errorf("scope: got %q, want printable ASCII without space, quote, comma or backslash", value)
		}
	}
	return nil
}

func validScope(value string) bool {
	if value == "" || len(value) > maxScope {
		return false
	}
	for _, c := range []byte(value) {
		if c <= ' ' || c > '~' || c == '"' || c == '\\' || c == ',' {
			return false
		}
	}
	return true
}

// WithScopes returns a copy of the routes in which the scopes replace those of
// every protected route. Without scopes the routes keep their own.
func WithScopes(routes []plugins.Route, scopes []string) []plugins.Route {
	routes = slices.Clone(routes)
	if len(scopes) == 0 {
		return routes
	}
	for i := range routes {
		if !routes[i].Open {
			routes[i].Scopes = slices.Clone(scopes)
		}
	}
	return routes
}
