package management_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// vidaa puts a platform into the catalogue.
func (w *world) vidaa(t *testing.T) {
	t.Helper()
	_, err := w.AddPlatform(within(t), by("ann"), "VIDAA", management.PlatformSpec{Aliases: []string{"Hisense"}})
	require.NoError(t, err)
}

func TestAPlatformOfTheCatalogueIsOneLikeTheOthers(t *testing.T) {
	w := newWorld(t)
	named := func(s *management.Spec) { s.Platforms = []string{"vidaa", "ipad"} }
	s := spec()
	named(&s)
	_, err := w.CreateApplication(within(t), by("ann"), s)
	assertFault(t, management.Invalid, "platforms", `got "vidaa"`, err)
	_, err = w.Revoke(within(t), by("ann"), management.KillOrder{Kind: "platform", ID: "vidaa"})
	assertFault(t, management.Invalid, "id", `got "vidaa"`, err)

	w.vidaa(t)
	app := w.create(t, named)
	assert.Equal(t, []string{"VIDAA", "iOS"}, app.Platforms)
	r := w.revoke(t, "platform", "hisense")
	assert.Equal(t, "VIDAA", r.Kill.ID)
	client := w.client(t, app.ID, uuid.New(), func(c *state.Client) { c.Platform, c.CreatedAt = "VIDAA", r.Kill.At.UnixMilli()-1 })
	seen, err := w.Client(within(t), ann, client.ID)
	require.NoError(t, err)
	assert.Equal(t, "platform", seen.StoppedBy)

	err = w.RemovePlatform(within(t), by("ann"), "VIDAA")
	assertFault(t, management.InUse, "platform", app.ID.String(), err)
	w.revoke(t, "application", app.ID.String())
	require.NoError(t, w.RemovePlatform(within(t), by("ann"), "VIDAA"))
	_, err = w.Unrevoke(within(t), by("ann"), "platform", "VIDAA")
	require.NoError(t, err, "what the catalogue has no more can still come back")
	_, err = w.Unrevoke(within(t), by("ann"), "platform", "Betamax")
	assertFault(t, management.NotFound, "id", "platform Betamax is not revoked", err)
}

func TestOneNameMeansOnePlatform(t *testing.T) {
	w := newWorld(t)
	w.vidaa(t)
	for name, c := range map[string]struct {
		id     string
		spec   management.PlatformSpec
		field  string
		reason string
	}{
		"another one's alias as a name":         {"Hi-Sense", management.PlatformSpec{}, "name", "VIDAA"},
		"another one's name as an alias":        {"Fridge", management.PlatformSpec{Aliases: []string{"Cold", "Vi Daa"}}, "aliases", "VIDAA"},
		"one that the gateway knows":            {"Fridge", management.PlatformSpec{Aliases: []string{"iPad"}}, "aliases", "iOS"},
		"a name that no device can be known by": {"Fridge", management.PlatformSpec{Aliases: []string{"冷蔵庫"}}, "aliases", "ASCII"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.AddPlatform(within(t), by("ann"), c.id, c.spec)
			assertFault(t, management.Invalid, c.field, c.reason, err)
		})
	}
	_, err := w.UpdatePlatform(within(t), by("ann"), "VIDAA", management.PlatformSpec{Aliases: []string{"Hisense", "Toshiba"}})
	require.NoError(t, err, "its own names are no others")
}

func TestAChangeSetUsesThePlatformThatItAdds(t *testing.T) {
	w := newWorld(t)
	set, err := w.CreateChangeSet(within(t), by("ann"), management.ChangeSetSpec{Title: "a new kind of television"})
	require.NoError(t, err)
	s := spec()
	s.Platforms = []string{"VIDAA"}
	for _, change := range []management.Change{
		{Operation: access.ExtendCatalogue, Kind: "platform", ID: "VIDAA", Platform: &management.PlatformSpec{}},
		{Operation: access.CreateApplication, Application: &s},
	} {
		set, err = w.AddChange(within(t), by("ann"), set.ID, change)
		require.NoError(t, err)
	}
	set, err = w.PushChangeSet(within(t), by("ann"), set.ID)
	require.NoError(t, err)
	assert.Equal(t, management.Pushed, set.Status)
}
