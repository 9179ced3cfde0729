package management_test

import (
	"encoding/json"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

func TestAClientIsShownWithoutItsSecret(t *testing.T) {
	w := newWorld(t)
	app := w.create(t, nil)
	c := w.client(t, app.ID, uuid.New(), func(c *state.Client) { c.RedirectURIs = []string{"https://example.com/"} })
	shown, err := w.Client(within(t), ann, c.ID)
	require.NoError(t, err)
	assert.Equal(t, "Demo", shown.ApplicationName)
	assert.Equal(t, "REF", shown.Programmer)
	assert.Equal(t, ourIssuer, shown.StatementIssuer, "records leave out that we signed")
	assert.Equal(t, c.RedirectURIs, shown.RedirectURIs)
	assert.Equal(t, "2025-11-24", shown.LastUsed, "so far it has registered only")
	assert.Empty(t, shown.StoppedBy)
	text, err := json.Marshal(shown)
	require.NoError(t, err)
	assert.NotContains(t, string(text), "bmV2ZXIgc2hvd24", "the secret's hash, as JSON writes bytes")
	assert.NotContains(t, string(text), "secret")
}

func TestAClientShowsWhatStopsIt(t *testing.T) {
	w := newWorld(t)
	app := w.create(t, nil)
	issued, err := w.IssueStatement(within(t), by(""), app.ID)
	require.NoError(t, err)
	dead := w.client(t, app.ID, issued.ID, func(c *state.Client) { c.StatementIssuer = theirIssuer })
	alive := w.client(t, w.create(t, nil).ID, uuid.New(), func(c *state.Client) { c.Platform = "Roku" })
	for _, kill := range [][2]string{
		{"client", dead.ID.String()}, {"statement", issued.ID.String()}, {"application", app.ID.String()},
		{"issuer", theirIssuer}, {"platform", "android"},
	} {
		w.revoke(t, kill[0], kill[1])
	}
	shown, err := w.Client(within(t), ann, dead.ID)
	require.NoError(t, err)
	assert.Equal(t, "application", shown.StoppedBy, "the widest permanent one")
	var kinds []string
	for _, k := range shown.Kills {
		kinds = append(kinds, k.Kind)
		assert.Equal(t, "stolen", k.Reason)
	}
	assert.Equal(t, []string{"application", "statement", "client", "issuer", "platform"}, kinds)

	shown, err = w.Client(within(t), ann, alive.ID)
	require.NoError(t, err)
	assert.Empty(t, shown.Kills)
}

func TestAClientShowsThatItsStatementsKeyIsRevoked(t *testing.T) {
	w := newWorld(t)
	app := w.create(t, nil)
	c := w.client(t, app.ID, uuid.New(), func(c *state.Client) { c.StatementKey = revocation.RefOf("stolen key") })
	for _, key := range []string{"another key", "stolen key"} {
		_, err := w.Revoke(within(t), by("ann"), management.KillOrder{Kind: "key", ID: key, Reason: "stolen", AllowUnknown: true})
		require.NoError(t, err)
	}
	shown, err := w.Client(within(t), ann, c.ID)
	require.NoError(t, err)
	assert.Equal(t, "statement", shown.StoppedBy)
	require.Len(t, shown.Kills, 1)
	assert.Equal(t, "key", shown.Kills[0].Kind)
	assert.Equal(t, "stolen key", shown.Kills[0].ID)
	assert.Equal(t, "stolen", shown.Kills[0].Reason)
}

func TestALiftedPlatformStillStopsOlderClients(t *testing.T) {
	w := newWorld(t)
	app := w.create(t, nil)
	older := w.client(t, app.ID, uuid.New(), nil)
	w.revoke(t, "platform", "Android")
	lifted, err := w.Unrevoke(within(t), by("ann"), "platform", "Android")
	require.NoError(t, err)
	younger := w.client(t, app.ID, uuid.New(), func(c *state.Client) { c.CreatedAt = lifted.Kill.LiftedAt.UnixMilli() + 1 })
	shown, err := w.Client(within(t), ann, older.ID)
	require.NoError(t, err)
	assert.Equal(t, "platform", shown.StoppedBy)
	shown, err = w.Client(within(t), ann, younger.ID)
	require.NoError(t, err)
	assert.Empty(t, shown.StoppedBy)
}

func TestClientsAreListedPageByPage(t *testing.T) {
	w := newWorld(t)
	ours, others := w.create(t, nil), w.create(t, nil)
	for range 7 {
		w.client(t, ours.ID, uuid.New(), nil)
		w.client(t, others.ID, uuid.New(), nil)
		w.client(t, others.ID, uuid.New(), nil)
	}
	for name, test := range map[string]struct {
		app   uuid.UUID
		limit int
		want  int
	}{
		"all at once":                    {uuid.Nil, 0, 21},
		"all, a few at a time":           {uuid.Nil, 2, 21},
		"of one application":             {ours.ID, 0, 7},
		"of one, a few at a time":        {ours.ID, 1, 7},
		"more than anybody may ask for":  {uuid.Nil, 1 << 30, 21},
		"a limit below zero is no limit": {others.ID, -1, 14},
	} {
		t.Run(name, func(t *testing.T) {
			seen := map[uuid.UUID]bool{}
			pages := 0
			for cursor := ""; ; pages++ {
				page, err := w.Clients(within(t), ann, test.app, management.Part{Cursor: cursor, Limit: test.limit})
				require.NoError(t, err)
				for _, c := range page.Clients {
					assert.False(t, seen[c.ID])
					seen[c.ID] = true
				}
				if cursor = page.Cursor; cursor == "" {
					break
				}
			}
			assert.Len(t, seen, test.want)
			if test.limit == 1 {
				assert.GreaterOrEqual(t, pages, 2)
			}
		})
	}
}

func TestWhenNoClientIsShown(t *testing.T) {
	w := newWorld(t)
	app := w.create(t, nil)
	c := w.client(t, app.ID, uuid.New(), nil)
	_, err := w.Client(within(t), ann, uuid.New())
	assertFault(t, management.NotFound, "client", "there is no client", err)
	_, err = w.Clients(within(t), ann, uuid.New(), management.Part{Cursor: "", Limit: 0})
	assertFault(t, management.NotFound, "application", "", err)
	_, err = w.aged().Client(within(t), ann, c.ID)
	assertFault(t, management.Unavailable, "", "what stops", err)
	_, err = w.aged().Clients(within(t), ann, uuid.Nil, management.Part{Cursor: "", Limit: 0})
	assertFault(t, management.Unavailable, "", "listing", err)
	w.store.away.Store(true)
	_, err = w.Client(within(t), ann, c.ID)
	assertFault(t, management.Unavailable, "", "looking for the client", err)
	_, err = w.Clients(within(t), ann, uuid.Nil, management.Part{Cursor: "", Limit: 0})
	assertFault(t, management.Unavailable, "", "listing", err)
}

func TestAClientWithAKeyIsShownAsOne(t *testing.T) {
	w := newWorld(t)
	app := w.create(t, nil)
	c := w.client(t, app.ID, uuid.New(), func(c *state.Client) {
		c.Keys = []state.ClientKey{{Algorithm: "ES256", ID: "k1", Public: []byte{1}}}
	})
	shown, err := w.Client(within(t), ann, c.ID)
	require.NoError(t, err)
	assert.Equal(t, "private_key_jwt", shown.AuthMethod)
}
