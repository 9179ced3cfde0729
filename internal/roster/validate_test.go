package roster_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/caddy-dcr/caddy-dcr/internal/roster"
)

func TestWhatIsOnTheRosterIsPutInForm(t *testing.T) {
	p := roster.Programmer{ID: "REF"}
	assert.NoError(t, p.Normalize())
	assert.Equal(t, "REF", p.Name, "who has no name is called by the id")

	ch := roster.Channel{
		ID: "REF30", Programmer: "REF", Name: " Reference ", Domains: []string{"Example.com", "münchen.example"},
		DefaultRedirectURL: "https://www.example.com/tv?x=1", CustomSchemes: []string{"com.example.app"},
	}
	assert.NoError(t, ch.Normalize())
	assert.Equal(t, "Reference", ch.Name)
	assert.Equal(t, []string{"example.com", "xn--mnchen-3ya.example"}, ch.Domains)

	s := roster.Scope{Name: "api:client:v2"}
	assert.NoError(t, s.Normalize())
	f := roster.Platform{Name: "VIDAA", Aliases: []string{" Hisense "}}
	assert.NoError(t, f.Normalize())
	assert.Equal(t, []string{"Hisense"}, f.Aliases)
}

func TestWhatCannotBeOnTheRoster(t *testing.T) {
	long := strings.Repeat("x", 201)
	for name, test := range map[string]struct {
		thing interface{ Normalize() error }
		want  string
	}{
		"a programmer without an id":               {&roster.Programmer{}, `id: got ""`},
		"a programmer whose id is a path":          {&roster.Programmer{ID: "a/b"}, `id: got "a/b"`},
		"a name that plays with the terminal":      {&roster.Programmer{ID: "a", Name: "a\x1b[2J"}, "name: "},
		"a name that is a novel":                   {&roster.Programmer{ID: "a", Name: long}, "at most 200 bytes"},
		"a scheme that every browser knows":        {&roster.Programmer{ID: "a", CustomSchemes: []string{"javascript"}}, "custom_schemes[0]: "},
		"a scheme twice":                           {&roster.Programmer{ID: "a", CustomSchemes: []string{"a.b", "a.b"}}, "custom_schemes: got \"a.b twice\""},
		"a channel of nobody":                      {&roster.Channel{ID: "a"}, `programmer: got ""`},
		"a channel that owns all of Britain":       {&roster.Channel{ID: "a", Programmer: "b", Domains: []string{"co.uk"}}, "domains[0]: "},
		"a domain twice, in two spellings":         {&roster.Channel{ID: "a", Programmer: "b", Domains: []string{"a.example", "A.example"}}, "twice"},
		"a redirect in clear text":                 {&roster.Channel{ID: "a", Programmer: "b", DefaultRedirectURL: "http://a.example/"}, "default_redirect_url: "},
		"a redirect with a user in it":             {&roster.Channel{ID: "a", Programmer: "b", DefaultRedirectURL: "https://a@b.example/"}, "default_redirect_url: "},
		"a redirect with a fragment":               {&roster.Channel{ID: "a", Programmer: "b", DefaultRedirectURL: "https://b.example/#a"}, "default_redirect_url: "},
		"a redirect to a script":                   {&roster.Channel{ID: "a", Programmer: "b", DefaultRedirectURL: "javascript:alert(1)"}, "default_redirect_url: "},
		"a redirect to somebody else's domain":     {&roster.Channel{ID: "a", Programmer: "b", Domains: []string{"a.example"}, DefaultRedirectURL: "https://b.example/"}, "one on the channel's domains, a.example"},
		"a proxy MVPD without an id":               {&roster.ProxyMVPD{}, `id: got ""`},
		"two scopes in one":                        {&roster.Scope{Name: "a b"}, `name: got "a b"`},
		"a scope without a name":                   {&roster.Scope{}, `name: got ""`},
		"a platform that is known by another name": {&roster.Platform{Name: "FireTV"}, "a name that does not mean FireOS already"},
		"an alias that is known":                   {&roster.Platform{Name: "VIDAA", Aliases: []string{"tv os"}}, "aliases[0]: got \"tv os\", want a name that does not mean tvOS already"},
		"an alias that is none":                    {&roster.Platform{Name: "VIDAA", Aliases: []string{" "}}, "aliases[0]: "},
		"a thousand aliases":                       {&roster.Platform{Name: "VIDAA", Aliases: strings.Fields(strings.Repeat("x ", 201))}, "at most 200"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.ErrorContains(t, test.thing.Normalize(), test.want)
		})
	}
}
