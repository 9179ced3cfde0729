package statement_test

import (
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/jws"
	"github.com/caddy-dcr/caddy-dcr/internal/jws/jwstest"
	"github.com/caddy-dcr/caddy-dcr/internal/statement"
)

func TestACachedStatementIsTheSame(t *testing.T) {
	c := &statement.Cached{Verifier: verifier(t)}
	for _, raw := range []string{own(t).Raw(), foreign(t).Raw()} {
		want, err := c.Verifier.Verify(raw)
		require.NoError(t, err)
		for range 3 {
			got, err := c.Verify(raw)
			require.NoError(t, err)
			assert.Equal(t, want, got)
		}
	}
	assert.Equal(t, 2, c.Len())
}

func TestTheClockIsLookedAtOnEveryHit(t *testing.T) {
	v := verifier(t)
	clock := now
	v.Now = func() time.Time { return clock }
	c := &statement.Cached{Verifier: v}
	good := foreign(t)
	good.Claims = good.Claims.And("exp", "1764000100")
	_, err := c.Verify(good.Raw())
	require.NoError(t, err)
	clock = now.Add(160 * time.Second)
	_, err = c.Verify(good.Raw())
	require.ErrorIs(t, err, jws.ErrExpired)
	clock = now.Add(-61 * time.Second)
	_, err = c.Verify(good.Raw())
	require.ErrorIs(t, err, jws.ErrNotYet)
}

func TestAKeyThatIsNoLongerOursEndsWhatItSigned(t *testing.T) {
	v := verifier(t)
	key := ourKey(t)
	v.Keys = func(string) []*jws.Key { return []*jws.Key{key} }
	c := &statement.Cached{Verifier: v}
	raw := own(t).Raw()
	_, err := c.Verify(raw)
	require.NoError(t, err)

	key = jwstest.Public(t, key, "ours")
	_, err = c.Verify(raw)
	require.NoError(t, err, "the same key, loaded again")
	key = strangeKey(t)
	_, err = c.Verify(raw)
	require.ErrorIs(t, err, jws.ErrSignature)
	v.Keys = func(string) []*jws.Key { return nil }
	_, err = c.Verify(raw)
	require.ErrorIs(t, err, statement.ErrInvalid)
}

func TestTheCacheIsBounded(t *testing.T) {
	c := &statement.Cached{Verifier: verifier(t), Size: 3}
	m := minter(t)
	for i := range 10 {
		raw, want, err := m.Mint(app)
		require.NoError(t, err)
		got, err := c.Verify(raw)
		require.NoError(t, err)
		assert.Equal(t, want, got)
		assert.Equal(t, min(i+1, 3), c.Len())
	}
	_, err := c.Verify(strings.Repeat("a", jws.MaxSize+1))
	require.ErrorIs(t, err, statement.ErrInvalid)
}

func TestTheCacheIsSafeForConcurrentUse(t *testing.T) {
	c := &statement.Cached{Verifier: verifier(t), Size: 1}
	texts := []string{own(t).Raw(), foreign(t).Raw()}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 50 {
				_, err := c.Verify(texts[i%2])
				assert.NoError(t, err)
			}
		})
	}
	wg.Wait()
}

func BenchmarkVerify(b *testing.B) {
	v := verifier(b)
	raw := own(b).Raw()
	b.Run("first seen RS256", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := v.Verify(raw); err != nil {
				b.Fatal(err)
			}
		}
	})
	c := &statement.Cached{Verifier: v}
	b.Run("cached", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := c.Verify(raw); err != nil {
				b.Fatal(err)
			}
		}
	})
	late := claims(own(b), expired, "expired", "exp", "1").raw
	b.Run("refused before the signature", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := v.Verify(late); err == nil {
				b.Fatal("believed")
			}
		}
	})
}

func BenchmarkMint(b *testing.B) {
	m := minter(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := m.Mint(app); err != nil {
			b.Fatal(err)
		}
	}
}

func TestOnlyWhatWasBelievedIsRecalled(t *testing.T) {
	v := verifier(t)
	clock := now
	v.Now = func() time.Time { return clock }
	c := &statement.Cached{Verifier: v}
	good := foreign(t)
	good.Claims = good.Claims.And("exp", "1764000100")
	_, found := c.Recall(good.Raw())
	assert.False(t, found)
	want, err := c.Verify(good.Raw())
	require.NoError(t, err)
	_, err = c.Verify("e30.e30.c2ln")
	require.Error(t, err)
	clock = now.Add(time.Hour)
	got, found := c.Recall(good.Raw())
	assert.True(t, found, "an expired one still says whose it was")
	assert.Equal(t, want, got)
	for _, raw := range []string{"", "e30.e30.c2ln", strings.Repeat("x", jws.MaxSize+1)} {
		_, found = c.Recall(raw)
		assert.False(t, found)
	}
}

func TestEachLookAtAStatementIsToldOnce(t *testing.T) {
	var told []statement.Check
	c := &statement.Cached{Verifier: verifier(t), Checked: func(check statement.Check) { told = append(told, check) }}
	raw := own(t).Raw()
	for range 2 {
		_, err := c.Verify(raw)
		require.NoError(t, err)
	}
	for _, bad := range []string{"", raw + "x", strings.Repeat("x", jws.MaxSize+1)} {
		_, err := c.Verify(bad)
		require.Error(t, err)
	}
	assert.Equal(t, []statement.Check{
		statement.CheckVerified, statement.CheckRemembered,
		statement.CheckRefused, statement.CheckRefused, statement.CheckRefused,
	}, told)
}

func TestTheFirstOfTheRememberedStatementsToExpireIsKnown(t *testing.T) {
	v := verifier(t)
	clock := now
	v.Now = func() time.Time { return clock }
	c := &statement.Cached{Verifier: v}
	_, found := c.Ends()
	assert.False(t, found, "nothing is remembered")
	_, err := c.Verify(own(t).Raw())
	require.NoError(t, err)
	_, found = c.Ends()
	assert.False(t, found, "our own do not expire")
	for _, after := range []time.Duration{time.Hour, time.Minute} {
		good := foreign(t)
		good.Claims = good.Claims.And("exp", strconv.FormatInt(now.Add(after).Unix(), 10))
		_, err := c.Verify(good.Raw())
		require.NoError(t, err)
	}
	left, found := c.Ends()
	assert.True(t, found)
	assert.Equal(t, time.Minute, left)
	clock = now.Add(2 * time.Minute)
	left, _ = c.Ends()
	assert.Equal(t, 58*time.Minute, left, "one that has expired is past")
}
