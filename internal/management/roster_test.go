package management_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/application"
	"github.com/caddy-dcr/caddy-dcr/internal/device"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/internal/roster"
)

func TestAProgrammerFromBirthToEnd(t *testing.T) {
	overBoth(t, func(t *testing.T, w *world) {
		made, err := w.CreateProgrammer(within(t), call(ann), "REF", management.ProgrammerSpec{Name: "Reference", NewScheme: true})
		require.NoError(t, err)
		assert.Equal(t, "Reference", made.Name)
		assert.Len(t, made.CustomSchemes, 1)
		assert.Equal(t, "ann", made.CreatedBy)
		shown, err := w.Programmer(ann, "REF")
		require.NoError(t, err)
		assert.Equal(t, made, shown)

		_, err = w.CreateProgrammer(within(t), call(ann), "REF", management.ProgrammerSpec{})
		assertFault(t, management.Exists, "id", "exists already", err)

		stale := call(ann)
		stale.IfVersion = made.Version
		changed, err := w.UpdateProgrammer(within(t), stale, "REF", management.ProgrammerSpec{Name: "Renamed"})
		require.NoError(t, err)
		assert.Empty(t, changed.CustomSchemes, "what is left out is gone")
		assert.Equal(t, made.CreatedAt, changed.CreatedAt)
		assert.Equal(t, "ann", changed.UpdatedBy)
		_, err = w.UpdateProgrammer(within(t), stale, "REF", management.ProgrammerSpec{Name: "Renamed again"})
		assertFault(t, management.Changed, "version", "it is of version "+changed.Version+" now", err)
		assertFault(t, management.Changed, "version", "", w.DeleteProgrammer(within(t), stale, "REF"))

		stale.IfVersion = changed.Version
		require.NoError(t, w.DeleteProgrammer(within(t), stale, "REF"))
		_, err = w.Programmer(ann, "REF")
		assertFault(t, management.NotFound, "programmer", "no programmer REF", err)
		assertFault(t, management.NotFound, "programmer", "", w.DeleteProgrammer(within(t), call(ann), "REF"))
		w.whole(t)
	})
}

func TestAChannelBelongsToOneProgrammer(t *testing.T) {
	overBoth(t, func(t *testing.T, w *world) {
		_, err := w.CreateChannel(within(t), call(ann), "REF30", management.ChannelSpec{Programmer: "REF"})
		assertFault(t, management.NotFound, "programmer", "no programmer REF on record", err)
		w.settle(t)
		for _, id := range []string{"REF30", "ref30"} {
			_, err = w.CreateChannel(within(t), call(ann), id, management.ChannelSpec{Programmer: "FOX"})
			assertFault(t, management.Exists, "id", "exists already", err)
		}
		_, err = w.UpdateChannel(within(t), call(ann), "REF30", management.ChannelSpec{Programmer: "FOX"})
		assertFault(t, management.Invalid, "programmer", "the channel is of REF", err)

		changed, err := w.UpdateChannel(within(t), call(refAdmin), "REF30", management.ChannelSpec{
			Name: "Reference", Domains: []string{"Example.com"}, DefaultRedirectURL: "https://www.example.com/tv",
		})
		require.NoError(t, err)
		assert.Equal(t, "REF", changed.Programmer)
		assert.Equal(t, []string{"example.com"}, changed.Domains)
		shown, err := w.Channel(ref30Admin, "REF30")
		require.NoError(t, err)
		assert.Equal(t, changed, shown)
		assertFault(t, management.InUse, "programmer", "channel REF30 is its own", w.DeleteProgrammer(within(t), call(ann), "REF"))
		w.whole(t)
	})
}

func TestWhatIsInUseIsNotDeleted(t *testing.T) {
	w := newWorld(t)
	w.settle(t)
	_, err := w.CreateProxyMVPD(within(t), call(ann), "P", management.ProxyMVPDSpec{Name: "Proxy"})
	require.NoError(t, err)
	app := w.create(t, func(s *management.Spec) { s.ProxyMVPDs = []string{"P"} })
	assertFault(t, management.InUse, "channel", app.ID.String(), w.DeleteChannel(within(t), call(ann), "REF30"))
	assertFault(t, management.InUse, "proxy_mvpd", app.ID.String(), w.DeleteProxyMVPD(within(t), call(ann), "P"))
	require.NoError(t, w.DeleteChannel(within(t), call(ann), "REF31"), "nobody names it")

	w.revoke(t, "application", app.ID.String())
	require.NoError(t, w.DeleteChannel(within(t), call(ann), "REF30"))
	require.NoError(t, w.DeleteProxyMVPD(within(t), call(ann), "P"))
	require.NoError(t, w.DeleteProgrammer(within(t), call(ann), "REF"), "neither channels nor living applications")
}

// Applications from before there was a record go on, and say whom they name.
func TestWhomApplicationsNameIsImplied(t *testing.T) {
	w := newWorld(t)
	w.declare() // of ZED, all channels
	w.create(t, func(s *management.Spec) { s.Channels, s.ProxyMVPDs = []string{"REF30", "REF31"}, []string{"P"} })
	_, err := w.CreateProgrammer(within(t), call(ann), "FOX", management.ProgrammerSpec{Name: "Fox"})
	require.NoError(t, err)
	_, err = w.CreateChannel(within(t), call(ann), "ref31", management.ChannelSpec{Programmer: "FOX"})
	require.NoError(t, err)

	list, err := w.Programmers(ann, management.Part{})
	require.NoError(t, err)
	var names []string
	for _, p := range list.Programmers {
		if p.Implied {
			names = append(names, p.ID+" implied")
		} else {
			names = append(names, p.ID)
		}
	}
	assert.Equal(t, []string{"FOX", "REF implied", "ZED implied"}, names)
	one, err := w.Programmer(ann, "REF")
	require.NoError(t, err)
	assert.True(t, one.Implied)
	assert.Empty(t, one.Version, "there is nothing to change")

	channels, err := w.Channels(ann, "", management.Part{})
	require.NoError(t, err)
	names = nil
	for _, ch := range channels.Channels {
		names = append(names, ch.Programmer+"/"+ch.ID)
	}
	assert.Equal(t, []string{"FOX/ref31", "REF/REF30"}, names, "what is on record as another's is not implied as one's own")
	proxies, err := w.ProxyMVPDs(ann, management.Part{})
	require.NoError(t, err)
	require.Len(t, proxies.ProxyMVPDs, 1)
	assert.True(t, proxies.ProxyMVPDs[0].Implied)
}

func TestWhatIsDeclaredIsReadOnly(t *testing.T) {
	w := newWorld(t)
	w.DeclaredProgrammers = map[string]roster.Programmer{"REF": {ID: "REF", Name: "Reference", CustomSchemes: []string{"com.example.ref"}, Story: roster.Story{Declared: true}}}
	w.DeclaredChannels = map[string]roster.Channel{"REF30": {ID: "REF30", Programmer: "REF", Name: "Reference", Domains: []string{"example.com"}, Story: roster.Story{Declared: true}}}

	p, err := w.Programmer(ann, "REF")
	require.NoError(t, err)
	assert.True(t, p.Declared)
	_, err = w.UpdateProgrammer(within(t), call(ann), "REF", management.ProgrammerSpec{})
	assertFault(t, management.Invalid, "programmer", "declared in the configuration", err)
	assertFault(t, management.Invalid, "channel", "declared in the configuration", w.DeleteChannel(within(t), call(ann), "REF30"))
	_, err = w.CreateChannel(within(t), call(ann), "ref30", management.ChannelSpec{Programmer: "REF"})
	assertFault(t, management.Exists, "id", "exists already", err)
	_, err = w.CreateChannel(within(t), call(ann), "REF31", management.ChannelSpec{Programmer: "REF"})
	assertFault(t, management.Invalid, "programmer", "declared in the configuration", err)
	channels, err := w.Channels(ref30Admin, "", management.Part{})
	require.NoError(t, err)
	require.Len(t, channels.Channels, 1)
	assert.Equal(t, []string{"com.example.ref"}, channels.Channels[0].InheritedSchemes)

	app, err := w.CreateApplication(within(t), call(ref30Admin), spec())
	require.NoError(t, err, "what is declared is there for whoever it belongs to")
	assert.Equal(t, []string{"com.example.ref"}, app.CustomSchemes)
	assert.Equal(t, []string{"example.com"}, app.Domains)
	all := spec()
	all.Channels, all.AllChannels = nil, true
	_, err = w.CreateApplication(within(t), call(refAdmin), all)
	assertFault(t, management.Invalid, "channels", "declared in the configuration", err)
}

func TestTheCatalogues(t *testing.T) {
	w := newWorld(t)
	scopes, err := w.Scopes(ref30Admin, management.Part{})
	require.NoError(t, err)
	assert.Len(t, scopes.Scopes, len(roster.BuiltInScopes))
	platforms, err := w.Platforms(reader, management.Part{})
	require.NoError(t, err)
	assert.Len(t, platforms.Platforms, len(device.Platforms))

	_, err = w.AddScope(within(t), call(ann), "reports:write", management.ScopeSpec{Description: "ours"})
	require.NoError(t, err)
	own, err := w.AddScope(within(t), call(ann), "analytics:client", management.ScopeSpec{Restricted: true})
	require.NoError(t, err, "an entry of the name of a built-in one takes its place")
	scopes, err = w.Scopes(ann, management.Part{})
	require.NoError(t, err)
	assert.Len(t, scopes.Scopes, len(roster.BuiltInScopes)+1)
	assert.Equal(t, own, scopes.Scopes[0])

	_, err = w.AddPlatform(within(t), call(ann), "VIDAA", management.PlatformSpec{Aliases: []string{"Hisense"}})
	require.NoError(t, err)
	_, err = w.AddPlatform(within(t), call(ann), "vidaa", management.PlatformSpec{})
	assertFault(t, management.Exists, "id", "", err)
	_, err = w.AddPlatform(within(t), call(ann), "fire tv", management.PlatformSpec{})
	assertFault(t, management.Invalid, "name", "FireOS", err)
	changed, err := w.UpdatePlatform(within(t), call(ann), "VIDAA", management.PlatformSpec{Description: "Hisense"})
	require.NoError(t, err)
	assert.Empty(t, changed.Aliases)
	require.NoError(t, w.RemovePlatform(within(t), call(ann), "VIDAA"))
	_, err = w.UpdateScope(within(t), call(ann), "nobody:knows", management.ScopeSpec{})
	assertFault(t, management.NotFound, "scope", "", err)
	require.NoError(t, w.RemoveScope(within(t), call(ann), "reports:write"))
}

// What programmer and channels hand on is copied, to those who can use it.
func TestNewApplicationsInherit(t *testing.T) {
	w := newWorld(t)
	w.settle(t)
	before := w.create(t, nil)
	_, err := w.UpdateProgrammer(within(t), call(ann), "REF", management.ProgrammerSpec{CustomSchemes: []string{"com.example.ref"}})
	require.NoError(t, err)
	_, err = w.UpdateChannel(within(t), call(ann), "REF30", management.ChannelSpec{
		CustomSchemes: []string{"com.example.ref30"}, Domains: []string{"ref30.example"},
	})
	require.NoError(t, err)
	for name, test := range map[string]struct {
		change           func(*management.Spec)
		schemes, domains string
	}{
		"every platform":               {nil, "com.example.ref com.example.ref30", "ref30.example"},
		"a mobile one":                 {func(s *management.Spec) { s.Platforms = []string{"iOS"} }, "com.example.ref com.example.ref30", "ref30.example"},
		"a television needs no scheme": {func(s *management.Spec) { s.Platforms = []string{"Roku"} }, "", "ref30.example"},
		"its own stay first": {
			func(s *management.Spec) { s.CustomSchemes, s.Domains = []string{"a.b"}, []string{"own.example"} },
			"a.b com.example.ref com.example.ref30", "own.example",
		},
		"another channel":                   {func(s *management.Spec) { s.Channels = []string{"REF31"} }, "com.example.ref", ""},
		"all channels":                      {func(s *management.Spec) { s.Channels, s.AllChannels = nil, true }, "com.example.ref", ""},
		"a programmer whom nobody recorded": {func(s *management.Spec) { s.Programmer, s.Channels = "ABC", []string{"ABC1"} }, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			app := w.create(t, test.change)
			assert.Equal(t, test.schemes, strings.Join(app.CustomSchemes, " "))
			assert.Equal(t, test.domains, strings.Join(app.Domains, " "))
		})
	}
	now, err := w.Application(within(t), ann, before.ID)
	require.NoError(t, err)
	assert.Equal(t, before, now, "what was there before is as it was")
}

func TestWhichChannelsAnApplicationMayHave(t *testing.T) {
	w := newWorld(t)
	w.settle(t)
	for name, test := range map[string]struct {
		who      management.Call
		channels []string
		want     string
	}{
		"its own":                              {call(refAdmin), []string{"REF30", "REF31"}, ""},
		"an operator may name new ones":        {call(ann), []string{"REF30", "REF99"}, ""},
		"an admin may not":                     {call(refAdmin), []string{"REF99"}, "REF has no channel REF99"},
		"another programmer's":                 {call(ann), []string{"FOX1"}, "FOX1 is a channel of FOX"},
		"an admin is not told whose it is":     {call(refAdmin), []string{"FOX1"}, "REF has no channel FOX1"},
		"one's own in another spelling":        {call(ann), []string{"ref30"}, "REF30 is a channel of REF"},
		"an admin's own in another spelling":   {call(refAdmin), []string{"ref30"}, "REF has no channel ref30"},
		"another's in another spelling":        {call(ann), []string{"fox1"}, "FOX1 is a channel of FOX"},
		"a channel admin's own":                {call(ref30Admin), []string{"REF30"}, ""},
		"a channel admin's and one besides it": {call(ref30Admin), []string{"REF30", "REF31"}, "there is no programmer REF"},
		"a channel beside the admin's":         {call(ref30Admin), []string{"REF31"}, "there is no programmer REF"},
	} {
		t.Run(name, func(t *testing.T) {
			s := spec()
			s.Channels = test.channels
			app, err := w.CreateApplication(within(t), test.who, s)
			if test.want == "" {
				require.NoError(t, err)
				return
			}
			assert.Contains(t, fault(t, err).Message, test.want)
			assert.Zero(t, app)
		})
	}
}

// "All channels" is all that there are, until somebody says which there are.
func TestAllChannelsOfAProgrammerOnRecord(t *testing.T) {
	w := newWorld(t)
	all := func(s *management.Spec) { s.Channels, s.AllChannels = nil, true }
	serves := func(app management.Application, channel string) bool {
		a, found := w.Replica.Application(app.ID)
		require.True(t, found)
		return a.Serves(channel)
	}
	early := w.create(t, all)
	_, err := w.CreateProgrammer(within(t), call(ann), "REF", management.ProgrammerSpec{})
	require.NoError(t, err)
	bare := w.create(t, all)
	_, err = w.CreateChannel(within(t), call(ann), "REF30", management.ChannelSpec{Programmer: "REF"})
	require.NoError(t, err)
	late := w.create(t, all)
	s := spec()
	all(&s)
	theirs, err := w.CreateApplication(within(t), call(refAdmin), s)
	require.NoError(t, err)

	for _, app := range []management.Application{early, bare} {
		assert.False(t, app.RecordedChannelsOnly)
		assert.True(t, serves(app, "FOX1"), "it means what it has always meant")
	}
	for _, app := range []management.Application{late, theirs} {
		assert.True(t, app.RecordedChannelsOnly)
		assert.True(t, serves(app, "REF30"))
		assert.False(t, serves(app, "FOX1"))
		assert.True(t, serves(app, application.EveryChannel))
	}
	_, err = w.CreateChannel(within(t), call(ann), "REF31", management.ChannelSpec{Programmer: "REF"})
	require.NoError(t, err)
	assert.True(t, serves(theirs, "REF31"), "a channel that comes later")
}
