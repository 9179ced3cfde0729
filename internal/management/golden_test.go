package management_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/audit"
	"github.com/caddy-dcr/caddy-dcr/internal/changeset"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

var update = flag.Bool("update", false, "write the golden files anew")

// The structs are what scripts read: a change here breaks them.
func TestTheWireFormatStays(t *testing.T) {
	at := time.UnixMilli(1764000000123).UTC()
	id := func(n byte) uuid.UUID { return uuid.UUID{0: n, 6: 0x40, 8: 0x80, 15: n} }
	kill := management.Kill{
		Kind: "application", ID: id(1).String(), At: at, Reason: "stolen", By: "ann", LiftedAt: at.Add(time.Hour), ExpiresAt: at.Add(2 * time.Hour),
	}
	app := management.Application{
		ID: id(1), Name: "Demo", Version: "1", Programmer: "REF", Level: "programmer", Type: "DIRECT",
		Channels: []string{"REF30"}, Platforms: []string{"iOS"}, Domains: []string{"example.com"},
		CustomSchemes: []string{"adbe.abcdefghijklmnopqrstuv"}, ProxyMVPDs: []string{}, Scopes: []string{"api:client:v2"},
		CreatedAt: at, CreatedBy: "ann", Revoked: true, Revocation: &kill,
		Clients: &management.ClientCount{Live: 5, Stopped: 1, FirstRegistered: at, LastUsed: "2025-11-25", AsOf: at},
	}
	statement := management.Statement{ID: id(2), ApplicationID: id(1), IssuedAt: at, IssuedBy: "ann", KeyID: "k1", StoppedBy: "application"}
	client := management.Client{
		ID: id(3), ApplicationID: id(1), ApplicationName: "Demo", Programmer: "REF", StatementID: id(2),
		StatementIssuer: "https://sp.example.com", Platform: "iOS", AuthMethod: "private_key_jwt", RedirectURIs: []string{}, CreatedAt: at, LastUsed: "2025-11-25",
		StoppedBy: "application", Kills: []management.Kill{kill},
	}
	rosterStory := management.Story{CreatedAt: at, CreatedBy: "ann", UpdatedAt: at, UpdatedBy: "bob", Declared: true, Version: "0123456789abcdef"}
	version := app
	version.Predecessor, version.Successors, version.RecordedChannelsOnly, version.RecordVersion = id(2), []uuid.UUID{id(4)}, true, "0123456789abcdef-revoked"
	conflict := management.Conflict{Number: 1, Code: management.Changed, Field: "version", Message: "it has changed", Hint: "look at it"}
	set := management.ChangeSet{
		ID: id(5), Title: "spring", Owner: "ann", Programmer: "REF", Channel: "REF30", Status: management.Pushed, Count: 1,
		CreatedAt: at, UpdatedAt: at, PushedAt: at, PushedBy: "bob", UndoneAt: at, UndoneBy: "eve", Version: "0123456789abcdef",
	}
	reviewed := set
	reviewed.Changes = []management.ReviewedChange{{
		Number: 1, Change: management.Change{
			Operation: access.UpdateChannel, Kind: "channel", ID: "REF30", IfVersion: "0123456789abcdef", Reason: "r", AllowUnknown: true,
			Programmer: &management.ProgrammerSpec{Name: "n", CustomSchemes: []string{"a.b"}, NewScheme: true},
			Channel: &management.ChannelSpec{
				Programmer: "REF", Name: "n", Domains: []string{"a.example"}, DefaultRedirectURL: "https://a.example/", CustomSchemes: []string{"a.b"}, NewScheme: true,
			},
			ProxyMVPD: &management.ProxyMVPDSpec{Name: "n"}, Scope: &management.ScopeSpec{Description: "d", Restricted: true},
			Platform: &management.PlatformSpec{Description: "d", Aliases: []string{"a"}}, Application: &management.Spec{Predecessor: id(1).String()},
		},
		Target: audit.Target{Kind: "channel", ID: "REF30"}, Before: json.RawMessage(`{"a":1}`), After: json.RawMessage(`{"a":2}`),
		Difference: []changeset.Difference{{Field: "a", From: json.RawMessage(`["x"]`), To: json.RawMessage(`["y"]`), Added: []string{"y"}, Removed: []string{"x"}}},
		Conflict:   &conflict, Undo: access.UpdateChannel, UndoNote: "note",
	}}
	for name, value := range map[string]any{
		"application_version": version,
		"programmers": management.Programmers{Programmers: []management.Programmer{
			{ID: "REF", Name: "Reference", CustomSchemes: []string{"a.b"}, Implied: true, Story: rosterStory},
		}, Cursor: "next"},
		"channels": management.Channels{Channels: []management.Channel{{
			ID: "REF30", Programmer: "REF", Name: "Reference", Domains: []string{"a.example"}, DefaultRedirectURL: "https://a.example/",
			CustomSchemes: []string{"a.b"}, InheritedSchemes: []string{"c.d"}, Implied: true, Story: rosterStory,
		}}, Cursor: "next"},
		"proxy_mvpds": management.ProxyMVPDs{ProxyMVPDs: []management.ProxyMVPD{{ID: "P", Name: "Proxy", Implied: true, Story: rosterStory}}, Cursor: "next"},
		"scopes":      management.Scopes{Scopes: []management.Scope{{Name: "a:b", Description: "d", Restricted: true, BuiltIn: true, Story: rosterStory}}, Cursor: "next"},
		"platforms": management.Platforms{Platforms: []management.Platform{
			{Name: "VIDAA", Aliases: []string{"a"}, Description: "d", BuiltIn: true, Story: rosterStory},
		}, Cursor: "next"},
		"manifest_applied": management.AppliedManifest{
			ManifestPlan: management.ManifestPlan{
				Name: "streaming", Digest: "0f", Changes: []management.PlannedChange{{
					Verb: management.Succeeds, Kind: "application", Name: "demo", Field: "applications[0]", Application: id(1),
					Difference: []changeset.Difference{{Field: "version", From: json.RawMessage(`"1"`), To: json.RawMessage(`"2"`)}},
				}}, Unmentioned: []management.Unmentioned{{Kind: "channel", ID: "ref31", Prune: management.PruneChannels}},
			}, ChangeSet: &management.ChangeSet{ID: id(5), ManagedBy: "streaming"}, Applied: true,
		},
		"managed_programmer": management.Programmer{ID: "REF", Story: management.Story{ManagedBy: "streaming"}},
		"change_set":         reviewed,
		"change_sets":        management.ChangeSets{ChangeSets: []management.ChangeSet{set}, Cursor: "next"},
		"change_set_spec":    management.ChangeSetSpec{Title: "spring", Programmer: "REF", Channel: "REF30"},
		"audit": audit.Page{Entries: []audit.Entry{{
			Seq: 1, At: at, Operation: "channel.update", Target: audit.Target{Kind: "channel", ID: "REF30"}, Outcome: "done", Actor: "ann", Role: "operator",
			Method: "admin_endpoint", Surface: "cli", Address: "127.0.0.1", Node: "gateway-1", Programmer: "REF", Channel: "REF30", ChangeSet: id(5).String(),
			Before: json.RawMessage(`{"a":1}`), After: json.RawMessage(`{"a":2}`), Hash: "0f", Fault: audit.Altered,
		}}, Cursor: "next"},
		"verification": audit.Verification{From: 2, To: 1, Hash: "0f", Breaks: []audit.Break{{Seq: 1, Fault: audit.Missing, Why: "w"}}, Cursor: "next"},
		"spec": management.Spec{
			ID: id(1).String(), Name: "Demo", Version: "1", Programmer: "REF", Level: "channel", AllChannels: true,
			Channels: []string{"REF30"}, AllPlatforms: true, Platforms: []string{"iOS"}, Domains: []string{"example.com"},
			CustomSchemes: []string{"com.example.app"}, NewScheme: true, ProxyMVPDs: []string{"proxy"}, Scopes: []string{"api:client:v2"},
		},
		"application":      app,
		"applications":     management.Applications{Applications: []management.Application{{ID: id(1), Declared: true}}},
		"issued_statement": management.IssuedStatement{Statement: statement, JWT: "a.b.c"},
		"statements":       management.StatementList{Statements: []management.Statement{statement}},
		"inspection": management.Inspection{
			Verdict: management.StoppedByKill, Why: "it was revoked", Header: json.RawMessage(`{"alg":"RS256"}`),
			Claims: json.RawMessage(`{"iss":"x"}`), StatementID: id(2), Application: &app, Kills: []management.Kill{kill},
		},
		"explanation": management.Explanation{
			Trace: id(4), At: at, Gateway: "gateway-1", DecidedBy: "guard", Decision: management.DecidedRefused, Reason: "scope_missing",
			Means: "m", Advice: "a", Status: 403,
			Asked: management.AskedFor{Method: "GET", Path: "/a", Profile: "esm", Route: "/{x}", Address: "192.0.2.1"},
			Caller: management.CallerFact{
				Proven: true, ClientID: id(3), ApplicationID: id(1), Application: &app, StatementID: id(2),
				StatementIssuer: "https://sp.example.com", Platform: "iOS", RegisteredAt: at,
			},
			Token:  &management.TokenFact{State: "valid", ID: id(5), IssuedAt: at, ExpiresAt: at.Add(time.Hour)},
			Scopes: &management.ScopeFact{Had: []string{}, Needed: []string{"analytics:client"}},
			Named:  []management.NamedFact{{Kind: "channel", Name: "REF30"}}, Refused: &management.NamedFact{Kind: "channel", Missing: true},
			Missing: &management.ParameterFact{Name: "mvpd", In: "query"}, Detail: "d", RetryAfterMilliseconds: 1500,
			Kills: []management.Kill{kill}, Incomplete: "i",
		},
		"client": client,
		"census": management.Census{
			BeganAt: at, FinishedAt: at, By: "gateway-1", UsesSince: at, Live: 6, Stopped: 1, Unused: 4, Removed: 3, Unreadable: 2,
			Platforms: map[string]uint64{"iOS": 5, "Roku": 1},
			Applications: []management.CountedApplication{{
				ID: id(1), Name: "Demo", Programmer: "REF", ClientCount: management.ClientCount{Live: 5, Stopped: 1, FirstRegistered: at, LastUsed: "2025-11-25", AsOf: at},
			}, {ID: id(2), ClientCount: management.ClientCount{Live: 1, AsOf: at}}},
			More: true,
		},
		"keys": management.KeyList{Keys: []management.Key{{
			Use: "token", Generation: 2, ID: "k2", Algorithm: "ES256", State: "signing", Published: true, Sealed: true, CreatedAt: at, SignsFrom: at,
			DueAt: at.Add(time.Hour), EndsAt: at.Add(2 * time.Hour),
		}, {Use: "secret", Generation: 1, ID: "k1", Algorithm: "HS256", State: "next", CreatedAt: at, SignsFrom: at}}},
		"key_order": management.KeyOrder{Use: "token", InSeconds: in(60)},
		"rotation": management.Rotation{
			Key: management.Key{Use: "token", ID: "k2", CreatedAt: at, SignsFrom: at}, Applied: true, Nodes: []state.NodeState{{Name: "gateway-1", Applied: true}},
		},
		"clients":    management.Clients{Clients: []management.Client{client}, Cursor: "next"},
		"kill_order": management.KillOrder{Kind: "client", ID: id(3).String(), Reason: "stolen", AllowUnknown: true},
		"kills":      management.Kills{Kills: []management.Kill{{Kind: "channel", ID: "CNN", At: at}}, Cursor: "next"},
		"revocation": management.Revocation{
			Kill: kill, Already: true, Applied: true, Nodes: []state.NodeState{{Name: "gateway-1", Applied: true, AfterMilliseconds: 1.25}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := json.MarshalIndent(value, "", "  ")
			require.NoError(t, err)
			path := filepath.Join("testdata", name+".json")
			if *update {
				require.NoError(t, os.MkdirAll("testdata", 0o755))
				require.NoError(t, os.WriteFile(path, append(got, '\n'), 0o600))
			}
			want, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, string(want), string(got)+"\n")
		})
	}
}

func TestEmptyListsAreNotNull(t *testing.T) {
	w := newWorld(t)
	text := func(value any, err error) string {
		require.NoError(t, err)
		b, err := json.Marshal(value)
		require.NoError(t, err)
		return string(b)
	}
	applications, err := w.Applications(ann, management.Filter{}, management.Part{})
	assert.JSONEq(t, `{"applications":[]}`, text(applications, err))
	clients, err := w.Clients(within(t), ann, uuid.Nil, management.Part{Cursor: "", Limit: 0})
	assert.JSONEq(t, `{"clients":[]}`, text(clients, err))
	kills, err := w.Kills(within(t), ann, "", management.Part{Cursor: "", Limit: 0})
	assert.JSONEq(t, `{"kills":[]}`, text(kills, err))
	statements, err := w.StatementsOf(within(t), ann, w.create(t, nil).ID, management.StatementFilter{}, management.Part{})
	assert.JSONEq(t, `{"statements":[]}`, text(statements, err))
}
