package profilekit

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

func TestValidateScopes(t *testing.T) {
	for name, tt := range map[string]struct {
		scope string
		good  bool
	}{
		"a documented scope":            {"temporary:passes:owner", true},
		"every character that may be":   {"!#$%&'()*+-./09:;<=>?@AZ[]^_`az{|}~", true},
		"as long as a scope may be":     {strings.Repeat("a", 128), true},
		"empty":                         {"", false},
		"longer than a scope may be":    {strings.Repeat("a", 129), false},
		"a space":                       {"a b", false},
		"a comma, which separates them": {"a,b", false},
		"a quote":                       {`a"b`, false},
		"a backslash":                   {`a\b`, false},
		"a control character":           {"a\x00b", false},
		"a letter beyond ASCII":         {"décisions", false},
	} {
		t.Run(name, func(t *testing.T) {
			err := ValidateScopes([]string{"good", tt.scope})
			if tt.good {
				assert.NoError(t, err)
				return
			}
			assert.ErrorContains(t, err, "scope: got")
		})
	}
	assert.NoError(t, ValidateScopes(nil))
}

func TestWithScopes(t *testing.T) {
	routes := []plugins.Route{
		{Path: "/open", Open: true},
		{Path: "/sometimes", Scopes: []string{"theirs"}, OpenWith: "code"},
		{Path: "/closed", Scopes: []string{"theirs"}},
	}

	t.Run("without scopes the routes keep their own", func(t *testing.T) {
		assert.Equal(t, routes, WithScopes(routes, nil))
	})
	t.Run("scopes replace those of every protected route", func(t *testing.T) {
		got := WithScopes(routes, []string{"ours"})
		assert.Empty(t, got[0].Scopes)
		assert.Equal(t, []string{"ours"}, got[1].Scopes)
		assert.Equal(t, []string{"ours"}, got[2].Scopes)
	})
	t.Run("the table itself is never changed", func(t *testing.T) {
		WithScopes(routes, nil)[2].Path = "/changed"
		WithScopes(routes, []string{"ours"})
		assert.Equal(t, "/closed", routes[2].Path)
		assert.Equal(t, []string{"theirs"}, routes[2].Scopes)
	})
}
