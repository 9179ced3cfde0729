package management_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

func TestARevocationSaysWhichGatewaysHaveAppliedIt(t *testing.T) {
	w := newWorld(t)
	other := newService(t, w.store, "gateway-2")
	app := w.create(t, nil)
	both := func() bool { // both have to be on the list before anybody can wait for both
		r, err := w.Revoke(within(t), by(""), management.KillOrder{Kind: "platform", ID: "Roku"})
		return err == nil && r.Applied && len(r.Nodes) == 2
	}
	require.Eventually(t, both, 10*time.Second, 10*time.Millisecond)

	r := w.revoke(t, "application", app.ID.String())
	require.Len(t, r.Nodes, 2)
	assert.Equal(t, "gateway-1", r.Nodes[0].Name)
	assert.Equal(t, "gateway-2", r.Nodes[1].Name)
	for _, s := range []*management.Service{w.Service, other} {
		kind, killed := s.Replica.Killed(&revocation.Subject{ApplicationID: app.ID})
		assert.True(t, killed)
		assert.Equal(t, revocation.Application, kind)
	}
}

func TestAGatewayThatLagsIsNamed(t *testing.T) {
	w := newWorld(t)
	lagging := w.aged() // its replica follows nothing
	lagging.Wait = time.Millisecond
	r, err := lagging.Revoke(within(t), by(""), management.KillOrder{Kind: "channel", ID: "CNN"})
	require.NoError(t, err, "the kill is stored")
	assert.False(t, r.Applied)
	require.NotEmpty(t, r.Nodes)
	for _, n := range r.Nodes {
		if n.Name == "old" {
			assert.False(t, n.Applied)
		}
	}
}

func TestTheFirstRevocationStands(t *testing.T) {
	w := newWorld(t)
	var told []management.Revocation
	w.Revoked = func(r management.Revocation) { told = append(told, r) }
	first, err := w.Revoke(within(t), by("ann"), management.KillOrder{Kind: "channel", ID: "CNN", Reason: "first"})
	require.NoError(t, err)
	assert.False(t, first.Already)
	second, err := w.Revoke(within(t), by("bob"), management.KillOrder{Kind: "channel", ID: "CNN", Reason: "second"})
	require.NoError(t, err)
	assert.True(t, second.Already)
	assert.Equal(t, first.Kill, second.Kill)
	assert.True(t, second.Applied)
	assert.Equal(t, []management.Revocation{first}, told, "nobody is told of it twice")
}

func TestWhatCanBeRevoked(t *testing.T) {
	w := newWorld(t)
	app := w.create(t, nil)
	issued, err := w.IssueStatement(within(t), by(""), app.ID)
	require.NoError(t, err)
	c := w.client(t, app.ID, issued.ID, nil)
	position, err := w.Records.AddSigningKey(within(t), state.SigningKey{Use: state.KeyForTokens, ID: "key-9", Algorithm: "HS256"})
	require.NoError(t, err)
	require.NoError(t, w.Replica.WaitFor(within(t), position))
	for _, order := range []management.KillOrder{
		{Kind: "token", ID: uuid.NewString()},
		{Kind: "client", ID: c.ID.String()},
		{Kind: "client", ID: uuid.NewString(), AllowUnknown: true},
		{Kind: "statement", ID: issued.ID.String()},
		{Kind: "statement", ID: uuid.NewString(), AllowUnknown: true},
		{Kind: "application", ID: app.ID.String()},
		{Kind: "platform", ID: "tvOS"},
		{Kind: "channel", ID: "REF30"},
		{Kind: "issuer", ID: theirIssuer},
		{Kind: "issuer", ID: ourIssuer},
		{Kind: "issuer", ID: "auth.example.net", AllowUnknown: true},
		{Kind: "key", ID: "key-9"},
		{Kind: "key", ID: "key-of-theirs", AllowUnknown: true},
	} {
		t.Run(order.Kind+" "+order.ID, func(t *testing.T) {
			r, err := w.Revoke(within(t), by("ann"), order)
			require.NoError(t, err)
			assert.True(t, r.Applied)
			assert.Equal(t, order.Kind, r.Kill.Kind)
			assert.Equal(t, order.ID, r.Kill.ID)
			if order.Kind == "token" {
				assert.Equal(t, r.Kill.At.Add(24*time.Hour+5*time.Minute), r.Kill.ExpiresAt, "a token's kill goes when the token has")
			} else {
				assert.Zero(t, r.Kill.ExpiresAt)
			}
		})
	}
}

func TestTheKeyOfSecretsHasNothingToStop(t *testing.T) {
	w := newWorld(t)
	position, err := w.Records.AddSigningKey(within(t), state.SigningKey{Use: state.KeyForSecrets, Generation: 1, ID: "hasher", Algorithm: "HS256"})
	require.NoError(t, err)
	require.NoError(t, w.Replica.WaitFor(within(t), position))
	_, err = w.Revoke(within(t), by("ann"), management.KillOrder{Kind: "key", ID: "hasher"})
	assertFault(t, management.Invalid, "id", "has signed nothing", err)
	assert.Contains(t, fault(t, err).Hint, "applications")
}

func TestAKillIsThrownOnTheSpellingThatIsCompared(t *testing.T) {
	w := newWorld(t)
	r := w.revoke(t, "platform", "fire tv")
	assert.Equal(t, "FireOS", r.Kill.ID)
	app := w.create(t, func(s *management.Spec) { s.ID = "897029da-2b35-429e-ad45-6f6bf5de7a95" })
	r = w.revoke(t, "application", "897029DA-2B35-429E-AD45-6F6BF5DE7A95")
	assert.Equal(t, app.ID.String(), r.Kill.ID)
}

func TestWhatCannotBeRevoked(t *testing.T) {
	w := newWorld(t)
	unknown := uuid.NewString()
	long := make([]byte, 501)
	for i := range long {
		long[i] = 'a'
	}
	for name, test := range map[string]struct {
		order       management.KillOrder
		code        management.Code
		field, text string
	}{
		"an unknown kind":                       {management.KillOrder{Kind: "everything", ID: "x"}, management.Invalid, "kind", "want one of token, client"},
		"no kind":                               {management.KillOrder{ID: "x"}, management.Invalid, "kind", `got ""`},
		"a client that is no UUID":              {management.KillOrder{Kind: "client", ID: "x"}, management.Invalid, "id", "want a UUID"},
		"a token that is no UUID":               {management.KillOrder{Kind: "token", ID: "x"}, management.Invalid, "id", "want a UUID"},
		"a client that is not there":            {management.KillOrder{Kind: "client", ID: unknown}, management.NotFound, "id", "there is no client " + unknown},
		"a statement that is not there":         {management.KillOrder{Kind: "statement", ID: unknown}, management.NotFound, "id", "there is no statement"},
		"an application that is not there":      {management.KillOrder{Kind: "application", ID: unknown}, management.NotFound, "application", "there is no application"},
		"an application that is not, by force":  {management.KillOrder{Kind: "application", ID: unknown, AllowUnknown: true}, management.NotFound, "application", ""},
		"an issuer that nobody trusts":          {management.KillOrder{Kind: "issuer", ID: "auth.example.net"}, management.NotFound, "id", "there is no issuer"},
		"a key that is not ours":                {management.KillOrder{Kind: "key", ID: "x"}, management.NotFound, "id", "there is no key"},
		"a platform that is unheard of":         {management.KillOrder{Kind: "platform", ID: "Betamax", AllowUnknown: true}, management.Invalid, "id", `"Betamax"`},
		"a channel that is no id":               {management.KillOrder{Kind: "channel", ID: "a/b"}, management.Invalid, "id", "want the id of a channel"},
		"every channel at once":                 {management.KillOrder{Kind: "channel", ID: "*"}, management.Invalid, "id", "want the id of a channel"},
		"an issuer without a name":              {management.KillOrder{Kind: "issuer"}, management.Invalid, "id", "want the name of the issuer"},
		"a key whose name plays with terminals": {management.KillOrder{Kind: "key", ID: "\x1b[2J"}, management.Invalid, "id", "printable"},
		"a reason that is a novel":              {management.KillOrder{Kind: "channel", ID: "CNN", Reason: string(long)}, management.Invalid, "reason", "501 bytes"},
		"a reason of two lines":                 {management.KillOrder{Kind: "channel", ID: "CNN", Reason: "a\nb"}, management.Invalid, "reason", "one line"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.Revoke(within(t), by("ann"), test.order)
			assertFault(t, test.code, test.field, test.text, err)
		})
	}
	_, err := w.Revoke(within(t), by("\x00"), management.KillOrder{Kind: "channel", ID: "CNN"})
	assertFault(t, management.Invalid, "by", "printable", err)
	kills, err := w.Kills(within(t), ann, "", management.Part{Cursor: "", Limit: 0})
	require.NoError(t, err)
	assert.Empty(t, kills.Kills)
}

func TestWithoutTheStoreNothingIsRevokedAndNobodyIsBlamed(t *testing.T) {
	w := newWorld(t)
	w.store.appends.Store(true)
	_, err := w.Revoke(within(t), by(""), management.KillOrder{Kind: "channel", ID: "CNN"})
	assertFault(t, management.Unavailable, "", "revoking channel CNN", err)
	assert.Contains(t, fault(t, err).Hint, "may have happened")
	w.store.away.Store(true)
	for kind, id := range map[string]string{"client": uuid.NewString(), "statement": uuid.NewString(), "channel": "CNN"} {
		_, err := w.aged().Revoke(within(t), by(""), management.KillOrder{Kind: kind, ID: id})
		assertFault(t, management.Unavailable, "", kind, err)
	}
	_, err = w.Kills(within(t), ann, "", management.Part{Cursor: "", Limit: 0})
	assertFault(t, management.Unavailable, "", "listing", err)
	_, err = w.Unrevoke(within(t), by("ann"), "channel", "CNN")
	assertFault(t, management.Unavailable, "", "lifting", err)
}

func TestOnlyPlatformsAndChannelsComeBack(t *testing.T) {
	w := newWorld(t)
	w.revoke(t, "channel", "CNN")
	r, err := w.Unrevoke(within(t), by("ann"), "channel", "CNN")
	require.NoError(t, err)
	assert.True(t, r.Applied)
	assert.NotZero(t, r.Kill.LiftedAt)
	assert.Equal(t, "stolen", r.Kill.Reason)

	_, err = w.Unrevoke(within(t), by("ann"), "channel", "CNN")
	assertFault(t, management.NotFound, "id", "channel CNN is not revoked", err)
	_, err = w.Unrevoke(within(t), by("ann"), "platform", "iOS")
	assertFault(t, management.NotFound, "id", "platform iOS is not revoked", err)
	_, err = w.Unrevoke(within(t), by("ann"), "client", uuid.NewString())
	assertFault(t, management.Invalid, "kind", "want platform or channel", err)
	_, err = w.Unrevoke(within(t), by("ann"), "planet", "x")
	assertFault(t, management.Invalid, "kind", "", err)
}

func TestKillsAreListedByKind(t *testing.T) {
	w := newWorld(t)
	w.revoke(t, "channel", "CNN")
	w.revoke(t, "channel", "REF30")
	w.revoke(t, "platform", "Roku")
	for kind, want := range map[string]int{"": 3, "channel": 2, "platform": 1, "token": 0} {
		got := 0
		for cursor := ""; ; {
			page, err := w.Kills(within(t), ann, kind, management.Part{Cursor: cursor, Limit: 1})
			require.NoError(t, err)
			got += len(page.Kills)
			if cursor = page.Cursor; cursor == "" {
				break
			}
		}
		assert.Equal(t, want, got, kind)
	}
	_, err := w.Kills(within(t), ann, "planet", management.Part{Cursor: "", Limit: 0})
	assertFault(t, management.Invalid, "kind", "", err)
}
