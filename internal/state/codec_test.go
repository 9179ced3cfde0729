package state

import (
	"encoding/hex"
	"flag"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/application"
	"github.com/caddy-dcr/caddy-dcr/internal/device"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/internal/roster"
	"github.com/caddy-dcr/caddy-dcr/internal/scope"
	"github.com/caddy-dcr/caddy-dcr/plugins"
)

var update = flag.Bool("update", false, "write the golden files anew")

func fixedID(n byte) uuid.UUID {
	id := uuid.UUID{}
	for i := range id {
		id[i] = n
	}
	return id
}

var fixedStory = roster.Story{CreatedAt: 1, CreatedBy: "a", UpdatedAt: 2, UpdatedBy: "b", Declared: true}

func fixedClient() Client {
	return Client{
		ID: fixedID(1), ApplicationID: fixedID(2), StatementID: fixedID(3), StatementKey: revocation.RefOf("key"), Platform: "Android",
		SecretMAC: make([]byte, 20), SecretKey: 1, CreatedAt: 1764000000000,
	}
}

// fixedKeyClient has a key of P-256, whose public form has 91 bytes, and no secret.
func fixedKeyClient() Client {
	c := fixedClient()
	c.SecretMAC = nil
	c.Keys = []ClientKey{{Algorithm: "ES256", ID: "k1", Public: make([]byte, 91)}}
	return c
}

func fixedApplication() *application.Application {
	return &application.Application{
		ID: fixedID(4), Name: "Demo", Version: "1", Programmer: "REF", Level: application.LevelProgrammer,
		Type: application.TypeDirect, Channels: []string{"REF30"}, AllPlatforms: true,
		Domains: []string{"example.com"}, CustomSchemes: []string{"adbe.abc"}, ProxyMVPDs: []string{"p"},
		Scopes: scope.Must("api:client:v2"), CreatedAt: time.UnixMilli(1764000000000).UTC(), CreatedBy: "op",
	}
}

// Gateways of several versions share one store: what one version wrote, all
// later ones must read. A golden file that changes breaks a running fleet.
func TestRecordsKeepTheirForm(t *testing.T) {
	app, err := encodeApplication(fixedApplication())
	require.NoError(t, err)
	client, err := encodeClient(fixedClient())
	require.NoError(t, err)
	used := fixedClient()
	used.LastUsed = 20500
	usedClient, err := encodeClient(used)
	require.NoError(t, err)
	located := used
	located.Network = 0xdecade01
	locatedClient, err := encodeClient(located)
	require.NoError(t, err)
	token, err := encodeToken(TokenKeyOf("dcrt_x"), Token{
		ClientID: fixedID(2), Scope: "a b", IssuedAt: 1764000000000, ExpiresAt: 1764000021600, Issuer: "i", Audience: "a",
	})
	require.NoError(t, err)
	successor := fixedApplication()
	successor.Predecessor, successor.OnlyRecorded = fixedID(6), true
	version, err := encodeApplication(successor)
	require.NoError(t, err)
	marked := fixedApplication()
	marked.Mark(application.Origin{Manifest: "streaming", Key: "demo", Said: []byte(`{"name":"Demo"}`)})
	managed, err := encodeApplication(marked)
	require.NoError(t, err)
	keyClient, err := encodeClient(fixedKeyClient())
	require.NoError(t, err)
	records := map[string][]byte{"application": app, "application_version": version, "application_managed": managed, "client": client, "client_with_key": keyClient, "client_used": usedClient, "client_of_network": locatedClient, "token": token}
	for name, record := range map[string]struct {
		kind  kind
		value any
	}{
		"kill":        {kindKill, Kill{Kind: revocation.Client, ID: "x", At: 1, LiftedAt: 2, ExpiresAt: 3, Reason: "r", By: "b"}},
		"signing_key": {kindSigningKey, SigningKey{Use: KeyForTokens, Generation: 1, ID: "i", Algorithm: "HS256", Material: []byte{1}, CreatedAt: 1, SignsFrom: 2}},
		"statement":   {kindStatement, Statement{ID: fixedID(1), ApplicationID: fixedID(2), IssuedAt: 1, IssuedBy: "b", KeyID: "k"}},
		"node":        {kindNode, nodeRecord{Name: "n", Feed: "f", Seq: 1, AppliedAt: 2}},
		"refusal":     {kindRefusal, refusalRecord{fixedID(1), []byte{1, 2}}},
		"nodes":       {kindNodes, nodesRecord{Names: []string{"a", "b"}}},
		"programmer":  {kindProgrammer, roster.Programmer{ID: "REF", Name: "Reference", CustomSchemes: []string{"a.b"}, Story: fixedStory}},
		"channel": {kindChannel, roster.Channel{
			ID: "REF30", Programmer: "REF", Name: "Reference 30", Domains: []string{"example.com"},
			DefaultRedirectURL: "https://example.com/", CustomSchemes: []string{"a.b"}, Story: fixedStory,
		}},
		"proxy_mvpd": {kindProxyMVPD, roster.ProxyMVPD{ID: "P", Name: "Proxy", Story: fixedStory}},
		"scope":      {kindScope, roster.Scope{Name: "a:b", Description: "d", Restricted: true, Story: fixedStory}},
		"platform":   {kindPlatform, roster.Platform{Name: "VIDAA", Aliases: []string{"Hisense"}, Description: "d", Story: fixedStory}},
		"audit_entry": {kindAuditEntry, AuditEntry{
			Seq: 2, Prev: AuditHash{1}, At: 3, Actor: "a", Role: "operator", Method: "m", Surface: "cli", Address: "192.0.2.1", Node: "n",
			Operation: "channel.update", Target: "channel/x", Programmer: "REF", Channel: "x", Outcome: "done",
			Before: []byte("{}"), After: []byte("{}"), Set: "s",
		}},
		"audit_head": {kindAuditHead, AuditHead{Seq: 2, Hash: AuditHash{1}, Pending: [][]byte{{1}}}},
		"change_set": {kindChangeSet, ChangeSet{
			ChangeSetBrief: ChangeSetBrief{
				ID: fixedID(5), Title: "t", Owner: "o", Programmer: "REF", Channel: "x", Status: "draft", Count: 1,
				CreatedAt: 1, UpdatedAt: 2, PushedAt: 3, PushedBy: "p", UndoneAt: 4, UndoneBy: "u",
			}, Changes: []byte("[]"), Results: []byte("[]"),
		}},
		"asked": {kindAsked, Asked{Digest: AuditHash{1}, Made: "x"}},
		"census": {kindCensus, Census{
			BeganAt: 1764000000000, FinishedAt: 1764000060000, By: "n", Since: 1763000000000, Live: map[string]uint64{"iOS": 1, "Roku": 300},
			Stopped: 2, Unreadable: 3, Unused: 4, Removed: 5, Parts: 6,
		}},
		"census_part": {kindCensusPart, censusPartRecord{
			Applications: []applicationCount{{fixedID(2), ApplicationCount{Live: 1, Stopped: 2, FirstRegistered: 1764000000000, LastUsed: 20500}}},
			Statements:   []statementCount{{fixedID(3), 1}},
		}},
		"census_part_platforms": {kindCensusPart, censusPartRecord{Applications: []applicationCount{{fixedID(2), ApplicationCount{
			Live: 301, Platforms: []PlatformCount{{Platform: "iOS", Live: 300}, {Platform: "VIDAA", Live: 1}},
		}}}}},
		"census_newest":        {kindCensusNewest, newestRecord{[]newestOfApplication{{fixedID(2), []NewestClient{{fixedID(1), 1764000000000}}}}}},
		"census_networks":      {kindCensus, Census{BeganAt: 1, NetworksShort: 2}},
		"census_part_networks": {kindCensusPart, censusPartRecord{Networks: []networkCount{{0xdecade01, 1}}}},
	} {
		value, err := encode(record.kind, record.value)
		require.NoError(t, err)
		records[name] = value
	}
	for name, value := range records {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join("testdata", name+".hex")
			if *update {
				require.NoError(t, os.MkdirAll("testdata", 0o755))
				require.NoError(t, os.WriteFile(path, []byte(hex.EncodeToString(value)+"\n"), 0o644))
			}
			golden, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, string(golden), hex.EncodeToString(value)+"\n")
		})
	}
}

func TestClientsAndTokensAreSmall(t *testing.T) {
	token, err := encodeToken(TokenKeyOf("x"), Token{Scope: "api:client:v2", IssuedAt: 1764000000000, ExpiresAt: 1764000000001})
	require.NoError(t, err)
	assert.LessOrEqual(t, len(token), 92)
	// With the key and Redis's own overhead this stays below 200 bytes, see
	// the benchmarks of the Redis store.
	for _, platform := range append(device.Platforms, "") {
		c := fixedClient()
		c.Platform, c.LastUsed, c.SecretKey = string(platform), math.MaxUint16, 23
		for _, c.Network = range []Network{0, math.MaxUint32} {
			value, err := encodeClient(c)
			require.NoError(t, err)
			assert.LessOrEqual(t, len(value), 92, platform)
		}
	}
	value, err := encodeClient(fixedKeyClient())
	require.NoError(t, err)
	assert.LessOrEqual(t, len(value), 180, "with a key of P-256")
}

func TestAClientWithAKeyComesBackWhole(t *testing.T) {
	value, err := encodeClient(fixedKeyClient())
	require.NoError(t, err)
	back, err := decodeClient(clientKey(fixedID(1)), value)
	require.NoError(t, err)
	assert.Equal(t, fixedKeyClient(), back)
}

// Records of clients once named their platforms in full.
func TestClientsOfEarlierVersionsAreRead(t *testing.T) {
	text, err := os.ReadFile("testdata/client_before_codes.hex")
	require.NoError(t, err)
	value, err := hex.DecodeString(strings.TrimSpace(string(text)))
	require.NoError(t, err)
	back, err := decodeClient(clientKey(fixedID(1)), value)
	require.NoError(t, err)
	assert.Equal(t, fixedClient(), back)
}

func TestEveryPlatformComesBackFromItsCode(t *testing.T) {
	for _, platform := range append(device.Platforms, "", "Amiga") {
		c := fixedClient()
		c.Platform = string(platform)
		value, err := encodeClient(c)
		require.NoError(t, err)
		back, err := decodeClient(clientKey(c.ID), value)
		require.NoError(t, err)
		assert.Equal(t, c, back)
		_, coded := packPlatform(string(platform)).(uint64)
		assert.Equal(t, slices.Contains(device.Platforms, platform), coded, platform)
	}
}

func TestAStampLeavesAllElseAsItIs(t *testing.T) {
	c := fixedClient()
	c.RedirectURIs, c.StatementIssuer, c.SecretKey = []string{"a:", "b:"}, "auth.example.org", 7
	value, err := encodeClient(c)
	require.NoError(t, err)
	located := c
	located.Network = 12
	locatedValue, err := encodeClient(located)
	require.NoError(t, err)
	for _, day := range []Day{1, 20_500, math.MaxUint16} {
		c.LastUsed, located.LastUsed = day, day
		for _, x := range []struct {
			c     Client
			value *[]byte
		}{{c, &value}, {located, &locatedValue}} {
			want, err := encodeClient(x.c)
			require.NoError(t, err)
			*x.value, err = stamped(*x.value, day)
			require.NoError(t, err)
			assert.Equal(t, want, *x.value)
		}
	}
	later := map[int]any{1: []byte{1, 1, 1, 1}, 9: 5, 200: map[string]string{"what": "nobody here knows"}}
	before, err := encode(kindClient, later)
	require.NoError(t, err)
	later[lastUsedField] = 20_500
	want, err := encode(kindClient, later)
	require.NoError(t, err)
	got, err := stamped(before, 20_500)
	require.NoError(t, err)
	assert.Equal(t, want, got, "what a later version wrote")
	_, err = stamped([]byte("garbage"), 1)
	assert.ErrorIs(t, err, plugins.ErrUnavailable)
}

func TestAClientsNetworkComesBackWithItsTimes(t *testing.T) {
	for _, created := range []int64{0, 1764000000000, latestCreated} {
		for _, used := range []Day{0, 20_500, math.MaxUint16} {
			c := fixedClient()
			c.CreatedAt, c.LastUsed, c.Network = created, used, math.MaxUint32
			value, err := encodeClient(c)
			require.NoError(t, err)
			back, err := decodeClient(clientKey(c.ID), value)
			require.NoError(t, err)
			assert.Equal(t, c, back)
		}
	}
	c := fixedClient()
	c.Network = 1
	for _, c.CreatedAt = range []int64{-1, latestCreated + 1} {
		_, err := encodeClient(c)
		assert.Error(t, err, "a time that would come back as another")
	}
	for name, packed := range map[string]any{
		"none": nil, "too short": make([]byte, networkLen-1), "too long": make([]byte, networkLen+1), "no network": make([]byte, networkLen), "a number": 7,
	} {
		value, err := encode(kindClientOfNetwork, map[int]any{1: []byte{1, 1, 1, 1}, networkField: packed})
		require.NoError(t, err)
		_, err = decodeClient(clientKey(fixedID(1)), value)
		assert.ErrorIs(t, err, plugins.ErrUnavailable, name)
		if name != "no network" {
			_, err = stamped(value, 1)
			assert.ErrorIs(t, err, plugins.ErrUnavailable, name)
		}
	}
}

// A platform that cannot be read must not pass for one that no kill stops.
func TestAPlatformOfALaterVersionIsNotGuessed(t *testing.T) {
	for name, packed := range map[string]any{
		"a later code": uint64(len(platformCodes) + 1), "zero": uint64(0), "a negative number": int64(-1),
		"bytes": []byte("iOS"), "a list": []any{"iOS"}, "a switch": true,
	} {
		value, err := encode(kindClient, map[int]any{1: []byte{1, 1, 1, 1}, 5: packed})
		require.NoError(t, err)
		_, err = decodeClient(clientKey(fixedID(1)), value)
		assert.ErrorIs(t, err, plugins.ErrUnavailable, name)
	}
}

func TestApplicationsComeBackWhole(t *testing.T) {
	app := fixedApplication()
	app.Predecessor, app.OnlyRecorded = fixedID(6), true
	value, err := encodeApplication(app)
	require.NoError(t, err)
	back, err := decodeApplication(applicationKey(fixedID(4)), value)
	require.NoError(t, err)
	assert.Equal(t, app, back)
}

func TestWhatCannotBeReadIsTheStoresFault(t *testing.T) {
	client, err := encodeClient(fixedClient())
	require.NoError(t, err)
	future := append([]byte{99}, client[1:]...)
	for name, value := range map[string][]byte{
		"nothing": {}, "one byte": {1}, "a later version": future, "another kind": append([]byte{1, 99}, client[2:]...),
		"cut short": client[:20], "data behind it": append(append([]byte{}, client...), 0), "garbage": []byte("\x01\x01-ERR no"),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := decodeClient(clientKey(fixedID(1)), value)
			assert.ErrorIs(t, err, plugins.ErrUnavailable)
		})
	}
}

func TestWhatCannotBeWrittenIsAnError(t *testing.T) {
	_, err := encode(kindNode, make(chan int))
	assert.ErrorContains(t, err, "encoding a record")
	assert.Panics(t, func() { must(0, err) }, "a codec that cannot be made is found out about at once")
}

func TestARecordUnderAnothersKeyIsRefused(t *testing.T) {
	app, err := encodeApplication(fixedApplication())
	require.NoError(t, err)
	_, err = decodeApplication(applicationKey(fixedID(9)), app)
	assert.ErrorIs(t, err, plugins.ErrUnavailable)

	kill, err := encode(kindKill, Kill{Kind: revocation.Client, ID: "x"})
	require.NoError(t, err)
	_, err = decodeKill(killKey(revocation.Client, "y"), kill)
	assert.ErrorIs(t, err, plugins.ErrUnavailable)

	key, err := encode(kindSigningKey, SigningKey{Use: KeyForTokens, Generation: 1})
	require.NoError(t, err)
	_, err = decodeSigningKey(signingKeyKey(KeyForTokens, 2), key)
	assert.ErrorIs(t, err, plugins.ErrUnavailable)
}

// FuzzDecode holds that whatever is read of any kind is written and read again
// as the same, and that nothing in a store makes the reader panic.
func FuzzDecode(f *testing.F) {
	golden, err := filepath.Glob(filepath.Join("testdata", "*.hex"))
	require.NoError(f, err)
	for _, path := range golden {
		text, err := os.ReadFile(path)
		require.NoError(f, err)
		record, err := hex.DecodeString(strings.TrimSpace(string(text)))
		require.NoError(f, err)
		f.Add(record)
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		returns[Kill](t, kindKill, value)
		returns[SigningKey](t, kindSigningKey, value)
		returns[Statement](t, kindStatement, value)
		returns[nodeRecord](t, kindNode, value)
		returns[nodesRecord](t, kindNodes, value)
		if c, err := decodeClient(clientKey(fixedID(1)), value); err == nil {
			again, err := encodeClient(c)
			require.NoError(t, err)
			d, err := decodeClient(clientKey(fixedID(1)), again)
			require.NoError(t, err)
			require.Equal(t, c, d)
		}
		if a, err := decodeApplication(applicationKey(fixedID(4)), value); err == nil {
			again, err := encodeApplication(a)
			require.NoError(t, err)
			b, err := decodeApplication(applicationKey(fixedID(4)), again)
			require.NoError(t, err)
			require.Equal(t, a, b)
		}
		for _, key := range []string{applicationKey(fixedID(4)), killKey(revocation.Client, "x"), signingKeyKey(KeyForTokens, 1)} {
			_ = newViewBuilder().add(key, value)
		}
	})
}

func returns[T any](t *testing.T, k kind, value []byte) {
	t.Helper()
	var first, second T
	if err := decode(k, value, &first); err != nil {
		require.ErrorIs(t, err, plugins.ErrUnavailable)
		return
	}
	again, err := encode(k, first)
	require.NoError(t, err)
	require.NoError(t, decode(k, again, &second))
	require.Equal(t, first, second)
}
