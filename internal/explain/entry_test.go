package explain

import (
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/endpoint"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

var update = flag.Bool("update", false, "write the golden file anew")

func fixedID(n byte) (id uuid.UUID) {
	for i := range id {
		id[i] = n
	}
	return id
}

// full has a value in every field.
func full() Entry {
	return Entry{
		Trace: fixedID(1), At: 1764000000000, Gateway: "gw-1", Decider: Guard, Reason: "channel_not_assigned", Status: 401,
		Method: "GET", Path: "/api/v2/OTHER/profiles", Profile: "rest_v2", Route: "/api/v2/{serviceProvider}/profiles",
		Address: netip.MustParseAddr("2001:db8::1"),
		Facts: Facts{
			Subject: revocation.Subject{
				TokenID: fixedID(2), ClientID: fixedID(3), StatementID: fixedID(4), ApplicationID: fixedID(5),
				Platform: "Roku", Issuer: "https://sp.example.com", KeyID: "key", StatementKey: 7,
				ClientIssuedAt: 1763000000000, TokenIssuedAt: 1763900000000,
			},
			Proven: true, Token: "valid", ExpiresAt: 1764010000000,
			Had: []string{"a", "b"}, Needed: []string{"c"},
			Named:   []endpoint.Named{{Names: plugins.NamesChannel, Value: "REF30"}, {Names: plugins.NamesProgrammer, Missing: true}},
			Refused: endpoint.Named{Names: plugins.NamesProgrammer, Missing: true},
			Missing: plugins.Parameter{In: plugins.InQuery, Name: "mvpd"},
			Detail:  "more", RetryAfter: 1500,
		},
	}
}

func TestAnEntryComesBackAsItWas(t *testing.T) {
	e := full()
	back, err := Decode(e.Encode())
	require.NoError(t, err)
	assert.Equal(t, e, back)
	back, err = Decode(new(Entry).Encode())
	require.NoError(t, err)
	assert.Equal(t, Entry{}, back, "an empty one is as good")
}

// Gateways of several versions share one store.
func TestTheStoredFormIsAsItWas(t *testing.T) {
	e := full()
	got := hex.EncodeToString(e.Encode()) + "\n"
	file := filepath.Join("testdata", "entry.hex")
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, string(want), got)
}

func TestFieldsOfALaterVersionAreSkipped(t *testing.T) {
	e := full()
	data := append([]byte{byte(100), 4, byte(100 | isText), 2, 'x', 'y'}, e.Encode()...)
	back, err := Decode(data)
	require.NoError(t, err)
	assert.Equal(t, e, back)
}

func TestARecordThatWasCutIsNoEntry(t *testing.T) {
	e := full()
	data := e.Encode()
	whole := 0
	for size := range data {
		// Between two fields nobody can tell that anything is missing.
		if _, err := Decode(data[:size]); err == nil {
			whole++
		}
	}
	assert.Less(t, whole, int(fNamedMissing)+4)
	for name, data := range map[string][]byte{
		"an id of another length": {byte(fTrace), 2, 1, 1},
		"no address":              {byte(fAddress), 2, 'x', 'y'},
		"a length beyond the end": {byte(fPath), 0xff, 0xff, 0xff, 0xff, 0x7f},
	} {
		_, err := Decode(data)
		assert.Error(t, err, name)
	}
}

// What a client sends is as long as it likes.
func TestAnEntryIsBounded(t *testing.T) {
	long := strings.Repeat("x", 5000)
	many := strings.Fields(strings.Repeat("scope:of:some:length ", 64))
	e := full()
	e.Method, e.Path, e.Profile, e.Route, e.Detail = long, "/"+long, long, long, long
	e.Subject.Platform, e.Subject.Issuer, e.Subject.KeyID = long, long, long
	e.Had, e.Needed = many, many
	e.Refused.Value, e.Missing.Name = long, long
	e.Address = netip.MustParseAddr("fe80::1%" + long)
	for i := range 100 {
		e.Named = append(e.Named, endpoint.Named{Names: plugins.NamesChannel, Value: fmt.Sprint(i, long)})
	}
	data := e.Encode()
	assert.LessOrEqual(t, len(data), Limit)
	back, err := Decode(data)
	require.NoError(t, err)
	assert.Equal(t, e.Trace, back.Trace)
	assert.Equal(t, e.Reason, back.Reason)
	assert.Equal(t, e.Subject.ClientID, back.Subject.ClientID)
	assert.Len(t, back.Path, longestPath)
	assert.True(t, strings.HasSuffix(back.Path, "x..."), "it says that it was cut")
	assert.False(t, back.Address.IsValid(), "an address whose zone is no interface's name is none")
}

func TestRememberingAllocatesNothing(t *testing.T) {
	e := full()
	e.Path = strings.Repeat("x", 5000)
	m := New(Config{Size: 1})
	defer m.Close()
	m.Remember(&e)
	assert.Zero(t, testing.AllocsPerRun(100, func() { m.Remember(&e) }))
}

func TestAnErrorCarriesWhatWasFoundOut(t *testing.T) {
	cause := errors.New("refused")
	err := fmt.Errorf("answering: %w", About(cause, Registration, Facts{Detail: "more"}))
	assert.ErrorIs(t, err, cause)
	assert.Equal(t, "answering: refused", err.Error())
	decider, facts := FactsOf(err)
	assert.Equal(t, Registration, decider)
	assert.Equal(t, "more", facts.Detail)
	decider, facts = FactsOf(cause)
	assert.Equal(t, Tokens, decider)
	assert.Zero(t, facts)
	assert.NoError(t, About(nil, Tokens, Facts{Detail: "more"}))
}

func FuzzDecode(f *testing.F) {
	e := full()
	f.Add(e.Encode())
	f.Add([]byte{byte(fNamedValue), 1, 'x', byte(fNamedMissing), 2})
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := Decode(data)
		if err != nil {
			return
		}
		again := e.Encode()
		require.LessOrEqual(t, len(again), Limit)
		_, err = Decode(again)
		require.NoError(t, err)
	})
}
