package registration

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/caddy-dcr/caddy-dcr/internal/device"
	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/internal/secret"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

const window = 10 * time.Minute

// reusing is a world in which a device that asks again gets what it has, and
// time goes by.
type reusing struct {
	*world
	*Service
	now time.Time
}

func (r *reusing) Now() time.Time { return r.now }

func newReusing() *reusing {
	w, s := newWorld()
	r := &reusing{world: w, Service: s, now: now}
	s.State, s.ReuseWithin, s.Minter = r, window, secret.Minter{}
	return r
}

func television() Request {
	q := good()
	q.DeviceHeader, q.UserAgent = "e30", "TV/1.0"
	return q
}

func (r *reusing) register(t require.TestingT, q Request) Registration {
	done, err := r.Service.Register(context.Background(), q)
	require.NoError(t, err)
	return done
}

// opens says whether the credentials are those of a stored client.
func (r *reusing) opens(answer Response) bool {
	for _, c := range r.stored {
		if c.ID.String() == answer.ClientID {
			return keys.Check(c.SecretKey, c.SecretMAC, secret.ClientSecret, c.ID[:], []byte(answer.ClientSecret))
		}
	}
	return false
}

func TestADeviceThatAsksAgainGetsWhatItHas(t *testing.T) {
	r := newReusing()
	first := r.register(t, television())
	assert.False(t, first.Reused)
	assert.True(t, r.opens(first.Response))
	for range 3 {
		r.now = r.now.Add(window/4 - time.Second)
		again := r.register(t, television())
		assert.True(t, again.Reused)
		assert.Equal(t, first.Response, again.Response, "the time of issue is that of the first, too")
	}
	assert.Len(t, r.stored, 1)
	assert.Len(t, r.limited, 1, "no limit is used up by what was there")
	assert.Equal(t, 1, r.counted)

	r.now = now.Add(window)
	later := r.register(t, television())
	assert.False(t, later.Reused, "the window is over")
	assert.NotEqual(t, first.Response.ClientID, later.Response.ClientID)
	assert.NotEqual(t, first.Response.ClientSecret, later.Response.ClientSecret)
}

// Whatever the moment within which numbered window the first request came, the
// client is found for as long as the window says, and no longer.
func TestTheWindowBeginsWithTheRegistration(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := newReusing()
		r.ReuseWithin = time.Duration(rapid.Int64Range(1, int64(24*time.Hour/time.Millisecond)).Draw(t, "window")) * time.Millisecond
		r.now = now.Add(time.Duration(rapid.Int64Range(0, int64(48*time.Hour)).Draw(t, "start")))
		first := r.register(t, television())
		passed := time.Duration(rapid.Int64Range(0, int64(3*r.ReuseWithin/time.Millisecond)).Draw(t, "passed")) * time.Millisecond
		r.now = r.now.Add(passed)
		again := r.register(t, television())
		assert.Equal(t, passed < r.ReuseWithin, again.Reused)
		assert.Equal(t, again.Reused, first.Response.ClientID == again.Response.ClientID)
	})
}

func TestWhatMakesAnotherDevice(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*reusing, *Request)
		same   bool
	}{
		"nothing, and so a second one of its kind in the home": {func(*reusing, *Request) {}, true},
		"another home":                  {func(_ *reusing, q *Request) { q.Address = netip.MustParseAddr("192.0.2.2") }, false},
		"the same address, mapped":      {func(_ *reusing, q *Request) { q.Address = netip.MustParseAddr("::ffff:192.0.2.1") }, true},
		"another description":           {func(_ *reusing, q *Request) { q.DeviceHeader = "eyJhIjoxfQ" }, false},
		"another agent":                 {func(_ *reusing, q *Request) { q.UserAgent = "TV/1.1" }, false},
		"another redirect":              {func(_ *reusing, q *Request) { q.RedirectURIs = []string{"https://adobe.com/"} }, false},
		"no redirect":                   {func(_ *reusing, q *Request) { q.RedirectURIs = nil }, false},
		"another issuer's statement":    {func(r *reusing, _ *Request) { r.issuer = "auth.adobe.com" }, false},
		"a window of another length":    {func(r *reusing, _ *Request) { r.ReuseWithin++; r.ReuseWithin += time.Millisecond }, false},
		"a gateway that reuses nothing": {func(r *reusing, _ *Request) { r.ReuseWithin = 0 }, false},
	} {
		t.Run(name, func(t *testing.T) {
			r := newReusing()
			first := r.register(t, television())
			q := television()
			c.change(r, &q)
			second := r.register(t, q)
			assert.Equal(t, c.same, second.Reused)
			assert.Equal(t, c.same, first.Response.ClientID == second.Response.ClientID)
			assert.True(t, r.opens(second.Response))
		})
	}
}

func TestAddressesOfOneHomeAreOneHome(t *testing.T) {
	r := newReusing()
	q := television()
	q.Address = netip.MustParseAddr("2001:db8:1:2::1")
	first := r.register(t, q)
	q.Address = netip.MustParseAddr("2001:db8:1:2:ffff::9")
	assert.Equal(t, first.Response, r.register(t, q).Response)
}

func TestWhoTellsTooLittleGetsAClientOfItsOwn(t *testing.T) {
	for name, q := range map[string]Request{
		"no description": func() Request { q := television(); q.DeviceHeader, q.UserAgent = "", ""; return q }(),
		"no address":     func() Request { q := television(); q.Address = netip.Addr{}; return q }(),
	} {
		r := newReusing()
		a, b := r.register(t, q), r.register(t, q)
		assert.NotEqual(t, a.Response.ClientID, b.Response.ClientID, name)
		assert.NotEqual(t, a.Response.ClientSecret, b.Response.ClientSecret, name)
	}
}

func TestEveryGatewayGivesTheSame(t *testing.T) {
	one, other := newReusing(), newReusing()
	first := one.register(t, television())
	other.stored = one.stored
	other.now = now.Add(time.Second)
	assert.Equal(t, first.Response, other.register(t, television()).Response)
}

func TestTwoTriesAtOneMomentAreOneClient(t *testing.T) {
	r := newReusing()
	winner := newReusing()
	first := winner.register(t, television())
	// The other try is stored after this one has looked.
	r.Clients = &overtaken{reusing: r, by: winner.stored[0]}
	second := r.register(t, television())
	assert.True(t, second.Reused)
	assert.Equal(t, first.Response, second.Response)
}

// overtaken is a store into which another writes first.
type overtaken struct {
	*reusing
	by state.Client
}

func (o *overtaken) PutClient(_ context.Context, c state.Client) error {
	o.stored = append(o.stored, o.by)
	if c.ID != o.by.ID {
		return errors.New("another client")
	}
	return state.ErrExists
}

func TestARevokedClientStaysRevokedAndItsDeviceGetsTheNext(t *testing.T) {
	r := newReusing()
	seen := map[string]bool{}
	for range maxRevoked + 3 {
		done := r.register(t, television())
		assert.False(t, done.Reused)
		assert.False(t, seen[done.Response.ClientID], "an id is given out once")
		assert.True(t, r.opens(done.Response))
		seen[done.Response.ClientID] = true
		if len(seen) <= maxRevoked {
			assert.Equal(t, done.Response, r.register(t, television()).Response, "the next is found again like the first")
		}
		r.kills.Put(revocation.Target{Kind: revocation.Client, ID: done.Response.ClientID}, revocation.Kill{})
	}
}

// The record of a revoked client may be removed before its window is over.
func TestTheIDOfARevokedClientIsNotFreeWhenItsRecordIsGone(t *testing.T) {
	r := newReusing()
	first := r.register(t, television())
	r.kills.Put(revocation.Target{Kind: revocation.Client, ID: first.Response.ClientID}, revocation.Kill{})
	r.stored = nil
	second := r.register(t, television())
	assert.NotEqual(t, first.Response.ClientID, second.Response.ClientID)
	assert.Equal(t, second.Response, r.register(t, television()).Response)
}

func TestAClientWithKeysIsNewEachTime(t *testing.T) {
	key, err := jws.Generate("", jws.EdDSA)
	require.NoError(t, err)
	r := newReusing()
	q := television()
	q.Metadata = Metadata{AuthMethod: PrivateKeyJWT, Keys: []*jws.Key{key}}
	first, second := r.register(t, q), r.register(t, q)
	assert.NotEqual(t, first.Response.ClientID, second.Response.ClientID)
	assert.Empty(t, first.Response.ClientSecret)
	q.Metadata = Metadata{AuthMethod: SecretPost}
	q.ManagedAt = "https://sp.auth.example.com/oauth2/register/"
	third, fourth := r.register(t, q), r.register(t, q)
	assert.Equal(t, third.Response, fourth.Response, "one with a secret is found again, and managed by the same token")
	assert.NotEmpty(t, third.Response.RegistrationAccessToken)
}

func TestAClientOfAPlatformsLiftedKillIsNotGivenOutAgain(t *testing.T) {
	r := newReusing()
	first := r.register(t, television())
	r.now = r.now.Add(time.Minute)
	r.kills.Put(revocation.Target{Kind: revocation.Platform, ID: string(device.IOS)}, revocation.Kill{LiftedAt: r.now.UnixMilli()})
	r.now = r.now.Add(time.Minute)
	second := r.register(t, television())
	assert.False(t, second.Reused)
	assert.NotEqual(t, first.Response.ClientID, second.Response.ClientID)
}

func TestANewKeyMakesANewClient(t *testing.T) {
	r := newReusing()
	first := r.register(t, television())
	r.Secrets = func() *secret.Keyring {
		ring, err := secret.NewKeyring(map[uint8][]byte{1: make([]byte, 32)})
		require.NoError(t, err)
		return ring
	}
	second := r.register(t, television())
	assert.False(t, second.Reused)
	assert.NotEqual(t, first.Response.ClientSecret, second.Response.ClientSecret)
}

func TestASecretThatIsNotTheClientsIsNotTold(t *testing.T) {
	r := newReusing()
	first := r.register(t, television())
	r.stored[0].SecretMAC = make([]byte, secret.HashSize)
	second := r.register(t, television())
	assert.NotEqual(t, first.Response.ClientID, second.Response.ClientID)
	assert.True(t, r.opens(second.Response))
}

func TestNothingIsRegisteredWhileNobodyCanSayWhatTheDeviceHas(t *testing.T) {
	r := newReusing()
	r.findErr = errors.New("away")
	_, err := r.Service.Register(context.Background(), television())
	assert.Equal(t, Unavailable, OutcomeOf(err))
	assert.Empty(t, r.stored)
	assert.Empty(t, r.limited)
}

func TestAClientThatIsThereIsGivenOutOverTheLimit(t *testing.T) {
	r := newReusing()
	first := r.register(t, television())
	r.limitErr = errors.New("full")
	assert.Equal(t, first.Response, r.register(t, television()).Response)
}

func TestDerivedIDsAreRandomOnes(t *testing.T) {
	r := newReusing()
	id := uuid.MustParse(r.register(t, television()).Response.ClientID)
	assert.Equal(t, uuid.Version(4), id.Version())
	assert.Equal(t, uuid.RFC4122, id.Variant())
}

func TestCredentialsNeverPrintTheirSecret(t *testing.T) {
	c := credentials{uuid.New(), theSecret}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		assert.NotContains(t, fmt.Sprintf(format, c), theSecret)
	}
}

func BenchmarkRegisterAgain(b *testing.B) {
	r := newReusing()
	r.register(b, television())
	b.ReportAllocs()
	for b.Loop() {
		r.register(b, television())
	}
}
