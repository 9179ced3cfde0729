package management_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

func TestACreatedApplicationIsKnownAtOnce(t *testing.T) {
	w := newWorld(t)
	created := w.create(t, nil)
	assert.Equal(t, "1", created.Version)
	assert.Equal(t, "programmer", created.Level)
	assert.True(t, created.AllPlatforms, "all platforms are meant when none is named")
	assert.Equal(t, "ann", created.CreatedBy)
	assert.NotZero(t, created.CreatedAt)
	shown, err := w.Application(within(t), ann, created.ID)
	require.NoError(t, err)
	assert.Equal(t, created, shown)
}

func TestAnApplicationCanBringItsID(t *testing.T) {
	w := newWorld(t)
	id := "897029DA-2b35-429e-ad45-6f6bf5de7a95"
	created := w.create(t, func(s *management.Spec) { s.ID = id })
	assert.Equal(t, strings.ToLower(id), created.ID.String())

	again := spec()
	again.ID = id
	_, err := w.CreateApplication(within(t), by(""), again)
	assertFault(t, management.Exists, "id", "exists already", err)
}

func TestADeclaredApplicationsIDIsTaken(t *testing.T) {
	w := newWorld(t)
	s := spec()
	s.ID = w.declare().ID.String()
	_, err := w.CreateApplication(within(t), by(""), s)
	assertFault(t, management.Exists, "id", "exists already", err)
}

func TestSchemes(t *testing.T) {
	w := newWorld(t)
	for name, test := range map[string]struct {
		change func(*management.Spec)
		made   int
	}{
		"a mobile platform gets a scheme":                 {func(s *management.Spec) { s.Platforms = []string{"ipad"} }, 1},
		"Android gets a scheme":                           {func(s *management.Spec) { s.Platforms = []string{"Roku", "android"} }, 1},
		"a television does not need one":                  {func(s *management.Spec) { s.Platforms = []string{"Roku"} }, 0},
		"every platform does not mean that one is wanted": {func(s *management.Spec) { s.AllPlatforms = true }, 0},
		"whoever asks gets one":                           {func(s *management.Spec) { s.NewScheme = true }, 1},
		"whoever brings one keeps it alone":               {func(s *management.Spec) { s.Platforms, s.CustomSchemes = []string{"iOS"}, []string{"com.example.app"} }, 1},
		"whoever brings one and asks gets two":            {func(s *management.Spec) { s.NewScheme, s.CustomSchemes = true, []string{"com.example.app"} }, 2},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Len(t, w.create(t, test.change).CustomSchemes, test.made)
		})
	}
}

func TestWhatAnApplicationCannotBe(t *testing.T) {
	w := newWorld(t)
	for name, test := range map[string]struct {
		change      func(*management.Spec)
		field, text string
	}{
		"its id is no UUID":                     {func(s *management.Spec) { s.ID = "demo" }, "id", `got "demo", want a UUID`},
		"its id is a UUID in braces":            {func(s *management.Spec) { s.ID = "{897029da-2b35-429e-ad45-6f6bf5de7a95}" }, "id", "want a UUID"},
		"its id is nil":                         {func(s *management.Spec) { s.ID = uuid.Nil.String() }, "id", "want a UUID"},
		"it has no name":                        {func(s *management.Spec) { s.Name = "" }, "name", "want some text"},
		"it has no programmer":                  {func(s *management.Spec) { s.Programmer = "" }, "programmer", `got ""`},
		"it has no channel":                     {func(s *management.Spec) { s.Channels = nil }, "channels", "all channels"},
		"it has all channels and some":          {func(s *management.Spec) { s.AllChannels = true }, "channels", "not both"},
		"it has a channel that is no id":        {func(s *management.Spec) { s.Channels = []string{"REF 30"} }, "channels", `"REF 30"`},
		"it has a channel twice":                {func(s *management.Spec) { s.Channels = []string{"A", "A"} }, "channels", "A twice"},
		"its level is unheard of":               {func(s *management.Spec) { s.Level = "mvpd" }, "level", `"mvpd"`},
		"it is of channel level and has two":    {func(s *management.Spec) { s.Level, s.Channels = "channel", []string{"A", "B"} }, "channels", "exactly one"},
		"its platform is unheard of":            {func(s *management.Spec) { s.Platforms = []string{"Betamax"} }, "platforms", `"Betamax"`},
		"it has all platforms and some":         {func(s *management.Spec) { s.AllPlatforms, s.Platforms = true, []string{"Roku"} }, "platforms", "not both"},
		"its domain is a URL":                   {func(s *management.Spec) { s.Domains = []string{"https://example.com"} }, "domains", "without scheme"},
		"its domain belongs to everybody":       {func(s *management.Spec) { s.Domains = []string{"co.uk"} }, "domains", "public suffix"},
		"its scheme is dangerous":               {func(s *management.Spec) { s.CustomSchemes = []string{"javascript"} }, "custom_schemes", "javascript"},
		"it has no scope":                       {func(s *management.Spec) { s.Scopes = nil }, "scopes", "at least one"},
		"its scope is none":                     {func(s *management.Spec) { s.Scopes = []string{"a b"} }, "scopes", `"a b"`},
		"its proxy MVPD is no id":               {func(s *management.Spec) { s.ProxyMVPDs = []string{"/"} }, "proxy_mvpds", `"/"`},
		"two things are wrong and it says so":   {func(s *management.Spec) { s.Name, s.Programmer = "", "" }, "name", "; programmer: "},
		"two domains are wrong, field by field": {func(s *management.Spec) { s.Domains = []string{"a b", "com"} }, "domains", "; domains[1]: "},
	} {
		t.Run(name, func(t *testing.T) {
			s := spec()
			test.change(&s)
			_, err := w.CreateApplication(within(t), by(""), s)
			assertFault(t, management.Invalid, test.field, test.text, err)
		})
	}
	_, err := w.CreateApplication(within(t), by("ann\x1b[2J"), spec())
	assertFault(t, management.Invalid, "by", "printable", err)
	list, err := w.Applications(ann, management.Filter{}, management.Part{})
	require.NoError(t, err)
	assert.Empty(t, list.Applications, "nothing of that was stored")
}

func TestApplicationsAreListedInOrderAndFiltered(t *testing.T) {
	w := newWorld(t)
	w.declare()
	w.create(t, func(s *management.Spec) { s.Name = "B" })
	revoked := w.create(t, func(s *management.Spec) { s.Name, s.Version = "A", "2" })
	w.create(t, func(s *management.Spec) { s.Name, s.Channels = "A", []string{"CNN"} })
	w.create(t, func(s *management.Spec) { s.Name, s.Programmer = "C", "ABC" })
	w.revoke(t, "application", revoked.ID.String())

	for name, test := range map[string]struct {
		filter management.Filter
		want   string
	}{
		"all":                            {management.Filter{}, "ABC/C/1 REF/A/1 REF/A/2! REF/B/1 ZED/Declared/1"},
		"of a programmer":                {management.Filter{Programmer: "REF"}, "REF/A/1 REF/A/2! REF/B/1"},
		"that serve a channel":           {management.Filter{Channel: "CNN"}, "REF/A/1 ZED/Declared/1"},
		"of a programmer and a channel":  {management.Filter{Programmer: "REF", Channel: "CNN"}, "REF/A/1"},
		"of a programmer who has none":   {management.Filter{Programmer: "XYZ"}, ""},
		"the programmer's case matters":  {management.Filter{Programmer: "ref"}, ""},
		"the channel's case matters too": {management.Filter{Programmer: "REF", Channel: "cnn"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			list, err := w.Applications(ann, test.filter, management.Part{})
			require.NoError(t, err)
			var names []string
			for _, a := range list.Applications {
				text := a.Programmer + "/" + a.Name + "/" + a.Version
				if a.Revoked {
					text += "!"
				}
				names = append(names, text)
			}
			assert.Equal(t, test.want, strings.Join(names, " "))
		})
	}
}

func TestADeclaredApplicationHidesAStoredOneOfItsID(t *testing.T) {
	w := newWorld(t)
	w.create(t, func(s *management.Spec) { s.ID = "897029da-2b35-429e-ad45-6f6bf5de7a95" })
	w.declare()
	list, err := w.Applications(ann, management.Filter{}, management.Part{})
	require.NoError(t, err)
	require.Len(t, list.Applications, 1)
	assert.True(t, list.Applications[0].Declared)
}

func TestARevokedApplicationTellsItsStory(t *testing.T) {
	w := newWorld(t)
	app := w.create(t, nil)
	revocation := w.revoke(t, "application", app.ID.String())
	shown, err := w.Application(within(t), ann, app.ID)
	require.NoError(t, err)
	assert.True(t, shown.Revoked)
	require.NotNil(t, shown.Revocation)
	assert.Equal(t, revocation.Kill, *shown.Revocation)
	assert.Equal(t, "stolen", shown.Revocation.Reason)
	assert.Equal(t, "ann", shown.Revocation.By)
}

func TestAnUnknownApplicationIsNotFound(t *testing.T) {
	w := newWorld(t)
	_, err := w.Application(within(t), ann, uuid.New())
	assertFault(t, management.NotFound, "application", "there is no application", err)
	assert.NotEmpty(t, fault(t, err).Hint)
}

func TestAGatewayThatHeardNothingClaimsNothing(t *testing.T) {
	w := newWorld(t)
	app := w.create(t, nil)
	old := w.aged()
	_, err := old.Application(within(t), ann, app.ID)
	assertFault(t, management.Unavailable, "", "not available", err)
	_, err = old.Applications(ann, management.Filter{}, management.Part{})
	assertFault(t, management.Unavailable, "", "not available", err)
	assert.ErrorIs(t, err, plugins.ErrUnavailable)
}

func TestAWriteWithoutAnswerSaysThatItMayHaveHappened(t *testing.T) {
	w := newWorld(t)
	w.store.appends.Store(true)
	_, err := w.CreateApplication(within(t), by(""), spec())
	assertFault(t, management.Unavailable, "", "creating the application", err)
	e := fault(t, err)
	assert.Contains(t, e.Hint, "may have happened")
	assert.NotContains(t, e.Message+e.Hint, "192.0.2.1", "a cause is for the log")
	assert.ErrorContains(t, err, "192.0.2.1")
}
