package application

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/scope"
)

func good() *Application {
	return &Application{
		ID: uuid.MustParse("897029da-2b35-429e-ad45-6f6bf5de7a95"), Name: "Demo", Version: "1.0", Programmer: "Demo",
		Level: LevelProgrammer, Type: TypeDirect, Channels: []string{"REF30", "CNN"}, Platforms: []string{"Android", "iOS"},
		Domains: []string{"adobe.com", "example.org"}, CustomSchemes: []string{"adbe.u-XHgKY5Q9aWe5k0ChLS_A"},
		Scopes: scope.Must("api:client:v2"),
	}
}

func TestValidateAccepts(t *testing.T) {
	cases := map[string]func(*Application){
		"a list of channels and platforms": func(*Application) {},
		"every channel and every platform": func(a *Application) {
			a.AllChannels, a.Channels, a.AllPlatforms, a.Platforms = true, nil, true, nil
		},
		"one channel at channel level":             func(a *Application) { a.Level, a.Channels = LevelChannel, []string{"REF30"} },
		"no domain, scheme or scope":               func(a *Application) { a.Domains, a.CustomSchemes, a.Scopes = nil, nil, scope.Set{} },
		"an internationalised domain in ASCII":     func(a *Application) { a.Domains = []string{"xn--bcher-kva.example"} },
		"a name in another script":                 func(a *Application) { a.Name = "Телеканал 1" },
		"a scheme that is a reversed domain":       func(a *Application) { a.CustomSchemes = []string{"com.example.app"} },
		"a channel of every character allowed":     func(a *Application) { a.Channels = []string{"Aa0-._~"} },
		"proxy MVPDs":                              func(a *Application) { a.ProxyMVPDs = []string{"Synacor"} },
		"a name below a private list's own suffix": func(a *Application) { a.Domains = []string{"demo.github.io"} },
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			a := good()
			change(a)
			assert.NoError(t, Validate(a, nil))
		})
	}
}

func TestValidateNamesTheFieldWhatItGotAndWhatItWants(t *testing.T) {
	cases := []struct {
		name   string
		change func(*Application)
		want   []string
	}{
		{"no id", func(a *Application) { a.ID = uuid.Nil }, []string{"id:", "a UUID"}},
		{"no name", func(a *Application) { a.Name = " " }, []string{`name: got " "`, "some text"}},
		{"no version", func(a *Application) { a.Version = "" }, []string{"version:"}},
		{"a name of many pages", func(a *Application) { a.Name = strings.Repeat("x", 201) }, []string{"name:", "at most 200 bytes"}},
		{"a name with a line break", func(a *Application) { a.Name = "a\nb" }, []string{"name:", "printable"}},
		{"a name of broken UTF-8", func(a *Application) { a.Name = "a\xff" }, []string{"name:", "printable"}},
		{"no programmer", func(a *Application) { a.Programmer = "" }, []string{`programmer: got ""`}},
		{"a programmer with a slash", func(a *Application) { a.Programmer = "a/b" }, []string{`programmer: got "a/b"`}},
		{"a channel that is a path step", func(a *Application) { a.Channels = []string{".."} }, []string{`channels[0]: got ".."`}},
		{"a channel with a space", func(a *Application) { a.Channels = []string{"REF30", "a b"} }, []string{`channels[1]: got "a b"`}},
		{"a channel too long", func(a *Application) { a.Channels = []string{strings.Repeat("x", 129)} }, []string{"channels[0]"}},
		{"a channel twice", func(a *Application) { a.Channels = []string{"A", "B", "A"} }, []string{`channels: got "A twice"`}},
		{"no channel", func(a *Application) { a.Channels = nil }, []string{`channels: got ""`, "at least one"}},
		{"all channels and a list", func(a *Application) { a.AllChannels = true }, []string{`channels: got "all REF30 CNN"`}},
		{"two channels at channel level", func(a *Application) { a.Level = LevelChannel }, []string{"channels:", "exactly one"}},
		{"all channels at channel level", func(a *Application) { a.Level, a.AllChannels, a.Channels = LevelChannel, true, nil }, []string{"exactly one"}},
		{"no level", func(a *Application) { a.Level = "" }, []string{`level: got ""`, "programmer or channel"}},
		{"another type", func(a *Application) { a.Type = "PROXY" }, []string{`type: got "PROXY"`, "want DIRECT"}},
		{"no platform", func(a *Application) { a.Platforms = nil }, []string{"platforms:", "at least one"}},
		{"all platforms and a list", func(a *Application) { a.AllPlatforms = true }, []string{"platforms:"}},
		{"an unheard-of platform", func(a *Application) { a.Platforms = []string{"Betamax"} }, []string{`platforms[0]`, `"Betamax"`, "Android"}},
		{"a platform's nickname", func(a *Application) { a.Platforms = []string{"FireTV"} }, []string{`platforms[0]: got "FireTV", want "FireOS"`}},
		{"a domain with a scheme", func(a *Application) { a.Domains = []string{"https://adobe.com"} }, []string{`domains[0]: got "https://adobe.com"`}},
		{"a domain with a capital", func(a *Application) { a.Domains = []string{"Adobe.com"} }, []string{`want "adobe.com"`}},
		{"two faults at once", func(a *Application) { a.Name, a.Version = "", "" }, []string{"name:", "version:"}},
		{"a scheme without a period", func(a *Application) { a.CustomSchemes = []string{"javascript"} }, []string{`custom_schemes[0]: got "javascript"`}},
		{"a scheme with its colon", func(a *Application) { a.CustomSchemes = []string{"adbe.x:"} }, []string{"custom_schemes[0]"}},
		{"a scheme that begins with a digit", func(a *Application) { a.CustomSchemes = []string{"1.a"} }, []string{"custom_schemes[0]"}},
		{"a scheme too long", func(a *Application) { a.CustomSchemes = []string{"a." + strings.Repeat("x", 127)} }, []string{"custom_schemes[0]"}},
		{"a proxy MVPD with a slash", func(a *Application) { a.ProxyMVPDs = []string{"a/b"} }, []string{"proxy_mvpds[0]"}},
		{"too many channels", func(a *Application) { a.Channels = make([]string, 4097) }, []string{"channels:", "at most 4096"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a := good()
			c.change(a)
			err := Validate(a, nil)
			require.Error(t, err)
			for _, want := range c.want {
				assert.ErrorContains(t, err, want)
			}
		})
	}
}

func TestParseDomainRefuses(t *testing.T) {
	cases := map[string]string{
		"nothing":                      "",
		"a wildcard":                   "*.adobe.com",
		"a port":                       "adobe.com:443",
		"a path":                       "adobe.com/x",
		"a user name":                  "a@adobe.com",
		"a trailing dot":               "adobe.com.",
		"a leading dot":                ".adobe.com",
		"an empty label":               "adobe..com",
		"an IPv4 address":              "192.0.2.1",
		"an IPv4 address in hex":       "192.0.2.0x1",
		"an IPv6 address":              "[2001:db8::1]",
		"one label":                    "localhost",
		"a label that is a scheme":     "javascript",
		"a top-level domain":           "com",
		"a public suffix":              "co.uk",
		"a label that ends in hyphen":  "a-.com",
		"an underscore":                "a_b.com",
		"a space":                      "a b.com",
		"a label of 64 letters":        strings.Repeat("a", 64) + ".com",
		"a name of more than 253":      strings.Repeat("abc.", 64) + "com",
		"a slash in full width":        "adobe.com／.example",
		"a control character":          "adobe\x00.com",
		"broken UTF-8":                 "adobe\xff.com",
		"a label of a mixed direction": "aא.com",
	}
	for name, text := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := ParseDomain(text)
			assert.Error(t, err, "got %q", got)
		})
	}
}

func TestNormalizeGivesWhatValidateWants(t *testing.T) {
	a := good()
	a.Type, a.Level = "", ""
	a.Platforms = []string{"fire tv", "appletv", "ANDROID"}
	a.Domains = []string{"Adobe.COM", "Bücher.example"}
	require.NoError(t, Normalize(a, nil))
	assert.Equal(t, TypeDirect, a.Type)
	assert.Equal(t, LevelProgrammer, a.Level)
	assert.Equal(t, []string{"FireOS", "tvOS", "Android"}, a.Platforms)
	assert.Equal(t, []string{"adobe.com", "xn--bcher-kva.example"}, a.Domains)
	assert.NoError(t, Validate(a, nil))

	a.Platforms, a.Domains = []string{"iOS", "x"}, []string{"*"}
	err := Normalize(a, nil)
	require.ErrorContains(t, err, "platforms[1]")
	require.ErrorContains(t, err, "domains[0]")

	a = good()
	a.Platforms = []string{"FireTV", "FireOS"}
	require.ErrorContains(t, Normalize(a, nil), `platforms: got "FireOS twice"`)
}
