package revocation_test

import (
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"

	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
)

func id(n byte) uuid.UUID { return uuid.UUID{0: n, 15: 1} }

func subject() *revocation.Subject {
	return &revocation.Subject{
		TokenID: id(1), ClientID: id(2), StatementID: id(3), ApplicationID: id(4),
		Platform: "Android", Issuer: "https://issuer", KeyID: "k1",
		ClientIssuedAt: 1000, TokenIssuedAt: 2000,
	}
}

func TestEveryAncestorsKillStopsASubject(t *testing.T) {
	for kind, name := range map[revocation.Kind]string{
		revocation.Token: id(1).String(), revocation.Client: id(2).String(),
		revocation.Statement: id(3).String(), revocation.Application: id(4).String(),
		revocation.Platform: "Android", revocation.Issuer: "https://issuer", revocation.Key: "k1",
	} {
		t.Run(string(kind), func(t *testing.T) {
			target := revocation.Target{Kind: kind, ID: name}
			filled := revocation.NewSet()
			filled.Fill(func(yield func(revocation.Target, revocation.Kill) bool) {
				yield(target, revocation.Kill{})
			})
			added := revocation.NewSet()
			added.Put(target, revocation.Kill{})
			for how, set := range map[string]*revocation.Set{"filled": filled, "added": added} {
				got, stopped := set.Check(subject())
				assert.True(t, stopped, how)
				assert.Equal(t, kind, got, how)
				assert.Equal(t, 1, set.Len(), how)
				_, stopped = set.Check(&revocation.Subject{})
				assert.False(t, stopped, "%s: nothing is known of an empty subject", how)
				set.Remove(target)
				_, stopped = set.Check(subject())
				assert.False(t, stopped, how)
				assert.Zero(t, set.Len(), how)
			}
		})
	}
}

func TestAKilledKeyStopsWhatItsStatementsBegot(t *testing.T) {
	set := revocation.NewSet()
	target := revocation.Target{Kind: revocation.Key, ID: "statement-key"}
	s := subject()
	s.StatementKey = revocation.RefOf("statement-key")
	set.Put(target, revocation.Kill{})
	kind, stopped := set.Check(s)
	assert.True(t, stopped)
	assert.Equal(t, revocation.Statement, kind, "its owner needs another statement")
	assert.Equal(t, 1, set.Len())

	s.StatementKey = revocation.RefOf("another")
	_, stopped = set.Check(s)
	assert.False(t, stopped)
	set.Remove(target)
	s.StatementKey = revocation.RefOf("statement-key")
	_, stopped = set.Check(s)
	assert.False(t, stopped)
	assert.Zero(t, set.Len())
	assert.Zero(t, revocation.RefOf(""))
}

func TestKindsListsWhatASetStops(t *testing.T) {
	for _, kind := range revocation.Kinds {
		parsed, err := revocation.ParseKind(string(kind))
		assert.NoError(t, err)
		assert.Equal(t, kind, parsed)
	}
	_, err := revocation.ParseKind("everything")
	assert.ErrorContains(t, err, "want one of token, client")
}

func TestAliftedPlatformKeepsOlderClientsDead(t *testing.T) {
	set := revocation.NewSet()
	set.Put(revocation.Target{Kind: revocation.Platform, ID: "Android"}, revocation.Kill{LiftedAt: 1000})
	for issued, stopped := range map[int64]bool{999: true, 1000: true, 1001: false} {
		s := subject()
		s.ClientIssuedAt = issued
		_, got := set.Check(s)
		assert.Equal(t, stopped, got, "client issued at %d", issued)
	}
}

func TestAChannelStopsWhileKilledAndOlderTokensAfterwards(t *testing.T) {
	set := revocation.NewSet()
	assert.False(t, set.StopsChannel("CNN", 1))
	set.Put(revocation.Target{Kind: revocation.Channel, ID: "CNN"}, revocation.Kill{})
	assert.True(t, set.StopsChannel("CNN", 1<<60))
	assert.True(t, set.StopsChannel("cnN", 1<<60), "whatever the case")
	assert.False(t, set.StopsChannel("REF30", 1))
	set.Put(revocation.Target{Kind: revocation.Channel, ID: "CNN"}, revocation.Kill{LiftedAt: 50})
	assert.True(t, set.StopsChannel("CNN", 50))
	assert.False(t, set.StopsChannel("CNN", 51))
}

func TestSweepDropsWhatHasExpired(t *testing.T) {
	set := revocation.NewSet()
	set.Put(revocation.Target{Kind: revocation.Token, ID: id(1).String()}, revocation.Kill{ExpiresAt: 10})
	set.Put(revocation.Target{Kind: revocation.Token, ID: id(9).String()}, revocation.Kill{ExpiresAt: 20})
	set.Put(revocation.Target{Kind: revocation.Client, ID: id(2).String()}, revocation.Kill{})
	assert.Equal(t, 1, set.Sweep(10))
	assert.Equal(t, 2, set.Len())
}

func killed(n int) *revocation.Set {
	set := revocation.NewSet()
	set.Fill(func(yield func(revocation.Target, revocation.Kill) bool) {
		for range n {
			if !yield(revocation.Target{Kind: revocation.Client, ID: uuid.NewString()}, revocation.Kill{}) {
				return
			}
		}
	})
	return set
}

func BenchmarkCheck(b *testing.B) {
	for _, n := range []int{0, 1_000, 1_000_000} {
		set, s := killed(n), subject()
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				set.Check(s)
			}
		})
	}
}

func BenchmarkPutBesideAMillion(b *testing.B) {
	set := killed(1_000_000)
	b.ReportAllocs()
	for b.Loop() {
		set.Put(revocation.Target{Kind: revocation.Client, ID: uuid.NewString()}, revocation.Kill{})
	}
}
