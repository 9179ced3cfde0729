package profiles

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

func TestEveryRouteLivesUnderAPrefixOfItsAPI(t *testing.T) {
	for _, name := range names {
		api := load(t, name).API()
		for _, prefix := range api.Prefixes {
			assert.True(t, strings.HasPrefix(prefix, "/") && strings.HasSuffix(prefix, "/"), "%s: %s", name, prefix)
		}
		for _, route := range api.Routes {
			under := func(prefix string) bool { return strings.HasPrefix(route.Path, prefix) }
			assert.True(t, slices.ContainsFunc(api.Prefixes, under), "%s: %s", name, route.Path)
		}
	}
}

func TestNoTwoProfilesClaimThePathOfOneAnother(t *testing.T) {
	owner := map[string]string{}
	for _, name := range names {
		for _, prefix := range load(t, name).API().Prefixes {
			for other, of := range owner {
				overlap := strings.HasPrefix(prefix, other) || strings.HasPrefix(other, prefix)
				assert.False(t, overlap, "%s of %s and %s of %s", prefix, name, other, of)
			}
			owner[prefix] = name
		}
	}
}

func TestEveryRouteIsEitherOpenOrHasAScope(t *testing.T) {
	for _, name := range names {
		for _, route := range load(t, name).API().Routes {
			assert.NotEqual(t, route.Open, len(route.Scopes) > 0, "%s: %s", name, route.Path)
			assert.False(t, route.Open && route.OpenWith != "", "%s: %s is open twice", name, route.Path)
		}
	}
}

func TestEveryMethodIsDeclaredOnceForAPath(t *testing.T) {
	known := []string{http.MethodGet, http.MethodPost, http.MethodDelete}
	for _, name := range names {
		seen := map[string]bool{}
		for _, route := range load(t, name).API().Routes {
			for _, method := range route.Methods {
				assert.Contains(t, known, method, "%s: %s", name, route.Path)
				assert.False(t, seen[method+route.Path], "%s: %s %s is there twice", name, method, route.Path)
				seen[method+route.Path] = true
			}
		}
	}
}

func TestEveryPathLocationIsASegmentOfThePattern(t *testing.T) {
	for _, name := range names {
		for _, route := range load(t, name).API().Routes {
			for _, location := range route.Entitled {
				if location.In == plugins.InPath {
					assert.Contains(t, route.Path, "{"+location.Name+"}", "%s: %s", name, route.Path)
				}
			}
		}
	}
}

func TestAFormIsOnlyReadWhereOneCanBeSent(t *testing.T) {
	for _, name := range names {
		for _, route := range load(t, name).API().Routes {
			for _, location := range route.Entitled {
				if location.In == plugins.InForm {
					assert.Contains(t, route.Methods, http.MethodPost, "%s: %s", name, route.Path)
				}
			}
		}
	}
}

// What is open is a decision: a new open route fails here before it ships.
func TestNothingElseIsOpen(t *testing.T) {
	open := map[string][]string{
		"rest_v2": {"/api/v2/authenticate/{serviceProvider}/{code}"},
		"rest_v1": {
			"/api/v1/authenticate", "/api/v1/checkauthn/{code}",
			"/api/v1/preauthorize/{code}", "/api/v1/config/{requestor}",
		},
		"sdk": {"/indiv/devices", "/adobe-services/authenticate", "/adobe-services/authenticate/{flow...}"},
	}
	for _, name := range names {
		var found []string
		for _, route := range load(t, name).API().Routes {
			if route.Open || route.OpenWith != "" {
				found = append(found, route.Path)
			}
		}
		assert.Equal(t, open[name], found, name)
	}
}

func TestAQueryMayHoldTheTokenOnlyWhereThatIsDocumented(t *testing.T) {
	for _, name := range names {
		want := ""
		if name == "esm" || name == "sdk" {
			want = "access_token"
		}
		assert.Equal(t, want, load(t, name).API().QueryToken, name)
	}
}

// The throttling document names the paths; the rest is left to the APIs.
func TestThrottledAreThePathsThatThePublishedDocumentNames(t *testing.T) {
	for _, name := range names {
		for _, route := range load(t, name).API().Routes {
			named := slices.ContainsFunc([]string{"/api/v2/", "/api/v1/", "/reggie/"}, func(prefix string) bool {
				return strings.HasPrefix(route.Path, prefix)
			}) || route.Path == "/adobe-services/config" || strings.HasPrefix(route.Path, "/adobe-services/config/")
			assert.Equal(t, named, route.Throttled, "%s: %s", name, route.Path)
		}
	}
}
