package manifest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/manifest"
)

const good = `# what the streaming team owns
name: streaming
programmers:
  - id: REF
    name: Reference Media
    custom_schemes: [com.example.ref]
    channels:
      - id: REF30
        domains: [example.com]
        default_redirect_url: https://www.example.com/tv
proxy_mvpds: [{id: P1}]
scopes:
  - name: api:client:v3
    restricted: true
platforms:
  - name: VIDAA
    aliases:
      - Hisense
applications:
  - key: demo
    version: 1.10
    programmer: REF
    channels: [REF30]
    scopes: [api:client:v2]
`

func TestAManifestIsRead(t *testing.T) {
	d, faults := manifest.Read([]byte(good))
	require.Empty(t, faults)
	assert.Equal(t, manifest.Manifest{
		Name: "streaming",
		Programmers: []manifest.Programmer{{ID: "REF", Name: "Reference Media", CustomSchemes: []string{"com.example.ref"}, Channels: []manifest.Channel{
			{ID: "REF30", Domains: []string{"example.com"}, DefaultRedirectURL: "https://www.example.com/tv"},
		}}},
		ProxyMVPDs:   []manifest.ProxyMVPD{{ID: "P1"}},
		Scopes:       []manifest.Scope{{Name: "api:client:v3", Restricted: true}},
		Platforms:    []manifest.Platform{{Name: "VIDAA", Aliases: []string{"Hisense"}}},
		Applications: []manifest.Application{{Key: "demo", Version: "1.10", Programmer: "REF", Channels: []string{"REF30"}, Scopes: []string{"api:client:v2"}}},
	}, d.Manifest)
	assert.Equal(t, 9, d.Line("programmers[0].channels[0].domains[0]"))
	assert.Equal(t, 8, d.Line("programmers[0].channels[0].name"), "what is not there would stand in its channel")
	assert.Equal(t, 1, d.Line("nothing"))

	same, faults := manifest.Read([]byte(`{"name":"streaming","programmers":[{"id":"REF"}]}`))
	require.Empty(t, faults, "JSON is read as well")
	assert.Equal(t, "REF", same.Manifest.Programmers[0].ID)
}

func TestAFaultSaysLineAndField(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"nothing":                        {"", "line 1: the file is empty"},
		"no name":                        {"programmers: []", `line 1: name: got ""`},
		"a field that nobody knows":      {"name: a\nprogrammers:\n  - id: REF\n    nome: x", "line 4: programmers[0].nome: nobody knows this field; known are id, name, custom_schemes, channels"},
		"a field twice":                  {"name: a\nname: b", "line 2: name: it is given twice"},
		"a text where a list belongs":    {"name: a\nprogrammers: REF", `line 2: programmers: got "REF", want a list`},
		"a list where a text belongs":    {"name: [a]", "line 1: name: got a list, want a text"},
		"nothing where a text belongs":   {"name:", "line 1: name: got nothing, want a text"},
		"a text where a switch belongs":  {"name: a\nscopes:\n  - name: s\n    restricted: maybe", `line 4: scopes[0].restricted: got "maybe", want true or false`},
		"a list where fields belong":     {"- name: a", "line 1: got a list, want fields with values"},
		"a programmer twice":             {"name: a\nprogrammers:\n  - id: REF\n  - id: REF", "line 4: programmers[1].id: programmer REF is there already, at programmers[0].id"},
		"a channel twice, spelled anew":  {"name: a\nprogrammers:\n- id: A\n  channels: [{id: x}]\n- id: B\n  channels: [{id: X}]", "line 6: programmers[1].channels[0].id: channel x is there already"},
		"an application without a key":   {"name: a\napplications:\n  - name: Demo", `line 3: applications[0].key: got ""`},
		"an application twice":           {"name: a\napplications:\n  - key: x\n  - key: x", "line 4: applications[1].key: application x is there already"},
		"an alias":                       {"name: &n a\nprogrammers: [{id: *n}]", "anchors and aliases are not read"},
		"two documents":                  {"name: a\n---\nname: b", "line 2: there is a second document"},
		"what is no YAML":                {"name: a\n  b: [", "line 2: "},
		"a name that would need escapes": {`name: "a b"`, `line 1: name: got "a b"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, faults := manifest.Read([]byte(test.text))
			require.NotEmpty(t, faults)
			assert.Contains(t, faults[0].Error(), test.want)
		})
	}
}

func TestWhatMeansTheSameIsTheSame(t *testing.T) {
	a := manifest.Application{Key: "k", ID: "i", Revoked: true, Domains: []string{"B.example", "a.example"}, Scopes: []string{"y", "x"}}
	b := manifest.Application{Key: "other", Level: "programmer", Domains: []string{"a.example", "b.example"}, Scopes: []string{"x", "y"}}
	assert.Equal(t, b.Said(), a.Said())
	b.Scopes = append(b.Scopes, "z")
	assert.NotEqual(t, b.Said(), a.Said())
}

func FuzzRead(f *testing.F) {
	f.Add(good)
	f.Add("name: a\n---\n")
	f.Add(`{"name":"a","scopes":[{"name":"b","restricted":true}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		d, faults := manifest.Read([]byte(text))
		for _, fault := range faults {
			if fault.Message == "" || fault.Line < 0 || fault.Line > 2+strings.Count(text, "\n")+strings.Count(text, "\r")+strings.Count(text, "\u2028")+strings.Count(text, "\u2029")+strings.Count(text, "\u0085") {
				t.Fatalf("%q: %+v", text, fault)
			}
		}
		if len(faults) == 0 && d.Manifest.Name == "" {
			t.Fatal("a manifest without a name")
		}
	})
}

func TestTheManifestOfTheDocumentationIsGood(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "management.md"))
	require.NoError(t, err)
	_, text, found := strings.Cut(string(page), "```yaml\n")
	require.True(t, found)
	text, _, _ = strings.Cut(text, "```")
	d, faults := manifest.Read([]byte(text))
	require.Empty(t, faults)
	assert.Equal(t, "streaming", d.Manifest.Name)
}
