package guesses

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/oautherr"
	"github.com/caddy-dcr/caddy-dcr/internal/throttle"
	"github.com/caddy-dcr/caddy-dcr/internal/wire"
)

// world has room for three guesses at a client and for five from an address,
// and a clock that stands still.
type world struct {
	Limits
	at      time.Time
	refused []By
}

func newWorld() *world {
	w := &world{at: time.Unix(1764000000, 0)}
	now := func() time.Time { return w.at }
	w.Limits = Limits{
		Clients:   throttle.NewTable(throttle.Limit{Rate: 0.1, Burst: 3}, 1000, now),
		Addresses: throttle.NewTable(throttle.Limit{Rate: 1, Burst: 5}, 1000, now),
		Refused:   func(by By) { w.refused = append(w.refused, by) },
	}
	return w
}

func (w *world) guess(client uuid.UUID, from string) error {
	return w.Wrong(context.Background(), client, netip.MustParseAddr(from))
}

func code(err error) oautherr.Code { return oautherr.From(err).Code }

func TestAClientIsGuessedAtSoOften(t *testing.T) {
	w := newWorld()
	client := uuid.New()
	for n := range 3 {
		require.NoError(t, w.Spent(client, netip.MustParseAddr("192.0.2.1")))
		require.NoError(t, w.guess(client, "192.0.2."+strconv.Itoa(n)))
	}
	require.Equal(t, oautherr.TooManyRequests, code(w.Spent(client, netip.MustParseAddr("192.0.2.9"))))
	require.Equal(t, oautherr.TooManyRequests, code(w.guess(client, "192.0.2.9")), "wherever it comes from")
	assert.Equal(t, []By{ByClient, ByClient}, w.refused)
	assert.NoError(t, w.guess(uuid.New(), "192.0.2.9"), "others are counted by themselves")

	w.at = w.at.Add(10 * time.Second)
	assert.NoError(t, w.guess(client, "192.0.2.9"))
	assert.Error(t, w.guess(client, "192.0.2.9"))
}

func TestAnAddressGuessesSoOften(t *testing.T) {
	for name, from := range map[string]func(int) string{
		"an IPv4 address":      func(int) string { return "192.0.2.1" },
		"a network of IPv6":    func(n int) string { return "2001:db8:1:2::" + strconv.Itoa(n+1) },
		"IPv4 written as IPv6": func(int) string { return "::ffff:192.0.2.1" },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			for n := range 5 {
				require.NoError(t, w.guess(uuid.New(), from(n)))
			}
			require.Equal(t, oautherr.TooManyRequests, code(w.guess(uuid.New(), from(6))))
			require.Error(t, w.guess(uuid.Nil, from(7)), "an id of no form counts for its address")
			assert.Equal(t, []By{ByAddress, ByAddress}, w.refused)
			assert.NoError(t, w.guess(uuid.Nil, "192.0.2.2"))
		})
	}
}

func TestIdsOfNoFormAreNoClient(t *testing.T) {
	w := newWorld()
	w.Addresses = nil
	for range 10 {
		assert.NoError(t, w.guess(uuid.Nil, "192.0.2.1"))
	}
}

func TestAskingCountsNothing(t *testing.T) {
	w := newWorld()
	for range 10 {
		require.NoError(t, w.Spent(uuid.Max, netip.Addr{}))
	}
	require.NoError(t, w.guess(uuid.Max, "192.0.2.1"))
}

func TestWhatIsOffCountsNothing(t *testing.T) {
	w := newWorld()
	w.Limits = Limits{}
	for range 1000 {
		require.NoError(t, w.guess(uuid.Max, "192.0.2.1"))
	}
}

func TestTheAnswerSaysWhenToComeBack(t *testing.T) {
	w := newWorld()
	client := uuid.New()
	var err error
	for range 4 {
		err = w.guess(client, "192.0.2.1")
	}
	answer := httptest.NewRecorder()
	wire.WriteError(answer, httptest.NewRequest(http.MethodPost, "/", nil), err)
	assert.Equal(t, http.StatusTooManyRequests, answer.Code)
	seconds, err := strconv.Atoi(answer.Header().Get("Retry-After"))
	require.NoError(t, err)
	assert.GreaterOrEqual(t, seconds, 10)
	assert.LessOrEqual(t, seconds, 15)
}

func BenchmarkSpent(b *testing.B) {
	w := newWorld()
	client, address := uuid.New(), netip.MustParseAddr("192.0.2.1")
	b.ReportAllocs()
	for b.Loop() {
		_ = w.Spent(client, address)
	}
}
