package census

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

func counted(began time.Time, live uint64) state.Census {
	return state.Census{
		BeganAt: began.UnixMilli(), Applications: map[uuid.UUID]state.ApplicationCount{appID: {Live: live}},
		Statements: map[uuid.UUID]uint64{statementID: live},
	}
}

func client(app, statement uuid.UUID) state.Client {
	return state.Client{ApplicationID: app, StatementID: statement}
}

func TestABookAddsWhatCameSince(t *testing.T) {
	var b Book
	began := time.Unix(1764000000, 5e8)
	_, known := b.Application(appID)
	assert.False(t, known, "nobody has counted")
	_, known = b.Statement(statementID)
	assert.False(t, known)
	_, known = b.Network(1)
	assert.False(t, known)

	b.Registered(client(appID, statementID), began.Add(-time.Minute)) // the census has it
	b.Registered(client(appID, statementID), began.Add(time.Second))
	b.Registered(client(appID, uuid.New()), began.Add(time.Minute))
	b.Replace(counted(began, 10))
	n, known := b.Application(appID)
	assert.True(t, known)
	assert.EqualValues(t, 12, n)
	n, _ = b.Statement(statementID)
	assert.EqualValues(t, 11, n)
	n, known = b.Statement(uuid.New())
	assert.True(t, known)
	assert.Zero(t, n)

	b.Replace(counted(began.Add(time.Hour), 12))
	n, _ = b.Application(appID)
	assert.EqualValues(t, 12, n, "and nothing twice")
	assert.Empty(t, b.since, "nothing is kept for ever")
	assert.Empty(t, b.spans)
}

func TestABookWithoutACensusStaysSmall(t *testing.T) {
	var b Book
	start := time.Unix(1764000000, 0)
	const seconds = 3 * maxSpans
	for i := range seconds {
		b.Registered(client(appID, statementID), start.Add(time.Duration(i)*time.Second))
	}
	assert.LessOrEqual(t, len(b.spans), maxSpans)
	b.Replace(counted(start, 0))
	n, _ := b.Application(appID)
	assert.EqualValues(t, seconds, n, "and loses none")
	b.Replace(counted(start.Add(seconds*time.Second), 0))
	n, _ = b.Application(appID)
	assert.Zero(t, n)
}

// Whenever clients register and censuses are taken, a book never has fewer
// than there are, and at most those of the second in which the census began
// twice.
func TestABookNeverCountsTooFew(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b Book
		now := time.Unix(1764000000, 0)
		var registered []time.Time
		b.Replace(counted(now, 0))
		began := now
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 3000).Draw(t, "pause")) * time.Millisecond)
			if rapid.IntRange(0, 9).Draw(t, "census") == 0 {
				began = now
				b.Replace(counted(began, uint64(len(registered))))
				continue
			}
			b.Registered(client(appID, statementID), now)
			registered = append(registered, now)
		}
		n, _ := b.Application(appID)
		twice := 0
		for _, at := range registered {
			if at.Unix() == began.Unix() && !at.After(began) {
				twice++
			}
		}
		assert.GreaterOrEqual(t, n, uint64(len(registered)))
		assert.LessOrEqual(t, n, uint64(len(registered)+twice))
	})
}

func BenchmarkRegistered(b *testing.B) {
	var book Book
	book.Replace(counted(time.Now(), 0))
	b.ReportAllocs()
	for b.Loop() {
		book.Registered(client(appID, statementID), time.Now())
		book.Application(appID)
	}
}
