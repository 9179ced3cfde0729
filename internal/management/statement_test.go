package management_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
)

func TestAnIssuedStatementIsOnRecord(t *testing.T) {
	w := newWorld(t)
	app := w.create(t, nil)
	first, err := w.IssueStatement(within(t), by("bob"), app.ID)
	require.NoError(t, err)
	assert.NotEmpty(t, first.JWT)
	second, err := w.IssueStatement(within(t), by("ann"), app.ID)
	require.NoError(t, err)
	assert.NotEqual(t, first.ID, second.ID, "every download is a fresh one")

	w.revoke(t, "statement", first.ID.String())
	list, err := w.StatementsOf(within(t), ann, app.ID, management.StatementFilter{}, management.Part{})
	require.NoError(t, err)
	require.Len(t, list.Statements, 2)
	byID := map[uuid.UUID]management.Statement{}
	for _, s := range list.Statements {
		byID[s.ID] = s
	}
	assert.Equal(t, "statement", byID[first.ID].StoppedBy)
	assert.Empty(t, byID[second.ID].StoppedBy, "older and newer ones stay valid")
	assert.Equal(t, "bob", byID[first.ID].IssuedBy)
	assert.Equal(t, ourKey, byID[first.ID].KeyID)
	assert.False(t, list.Statements[0].IssuedAt.Before(list.Statements[1].IssuedAt), "the newest first")
}

func TestADeclaredApplicationGetsStatementsToo(t *testing.T) {
	w := newWorld(t)
	a := w.declare()
	issued, err := w.IssueStatement(within(t), by(""), a.ID)
	require.NoError(t, err)
	assert.Equal(t, a.ID, issued.ApplicationID)
	w.revoke(t, "statement", issued.ID.String())
}

func TestWhenNoStatementIsIssued(t *testing.T) {
	w := newWorld(t)
	app := w.create(t, nil)
	gone := w.create(t, nil)
	w.revoke(t, "application", gone.ID.String())

	_, err := w.IssueStatement(within(t), by(""), uuid.New())
	assertFault(t, management.NotFound, "application", "there is no application", err)
	_, err = w.IssueStatement(within(t), by(""), gone.ID)
	assertFault(t, management.Revoked, "application", "by ann: stolen", err)
	_, err = w.IssueStatement(within(t), by("two\nlines"), app.ID)
	assertFault(t, management.Invalid, "by", "one line", err)

	w.papers.err = errors.New("no key yet")
	_, err = w.IssueStatement(within(t), by(""), app.ID)
	assertFault(t, management.Unavailable, "", "signing", err)
	w.papers.err = nil

	w.store.appends.Store(true)
	_, err = w.IssueStatement(within(t), by(""), app.ID)
	assertFault(t, management.Unavailable, "", "recording", err)
	w.store.appends.Store(false)

	list, err := w.StatementsOf(within(t), ann, app.ID, management.StatementFilter{}, management.Part{})
	require.NoError(t, err)
	assert.Empty(t, list.Statements)
	_, err = w.StatementsOf(within(t), ann, uuid.New(), management.StatementFilter{}, management.Part{})
	assertFault(t, management.NotFound, "application", "", err)
	w.store.away.Store(true)
	_, err = w.StatementsOf(within(t), ann, app.ID, management.StatementFilter{}, management.Part{})
	assertFault(t, management.Unavailable, "", "listing", err)
}

func TestAnInspectionJudgesAsARegistrationWould(t *testing.T) {
	w := newWorld(t)
	app, gone := w.create(t, nil), w.create(t, nil)
	w.revoke(t, "application", gone.ID.String())
	revoked, err := w.IssueStatement(within(t), by(""), app.ID)
	require.NoError(t, err)
	w.revoke(t, "statement", revoked.ID.String())
	stranger := uuid.New()
	ours := func(app uuid.UUID) string { return w.papers.ofOurs(t, app) }
	theirs := func(app uuid.UUID) string { return w.papers.ofTheirs(t, app) }
	w.revoke(t, "issuer", theirIssuer)

	for name, test := range map[string]struct {
		raw     string
		verdict management.Verdict
		why     string
		kills   []string
		app     bool
		claims  bool
	}{
		"a good one is approved":                        {ours(app.ID), management.Approved, "", nil, true, true},
		"white space around it is forgiven":             {"\n " + ours(app.ID) + "\n", management.Approved, "", nil, true, true},
		"a forged one is invalid, and readable":         {forge(ours(app.ID)), management.NotValid, "signature", nil, false, true},
		"junk is invalid":                               {"junk", management.NotValid, "JWS", nil, false, false},
		"null is no header":                             {"bnVsbA.bnVsbA.AAAA", management.NotValid, "JWS", nil, false, false},
		"a revoked one says so":                         {revoked.JWT, management.StoppedByKill, "statement " + revoked.ID.String() + " was revoked", []string{"statement"}, true, true},
		"one of a revoked application says so":          {ours(gone.ID), management.StoppedByKill, "application", []string{"application"}, true, true},
		"one of a revoked issuer says so":               {theirs(app.ID), management.StoppedByKill, "issuer " + theirIssuer + " was revoked", []string{"issuer"}, true, true},
		"all that stops it is listed, the widest first": {theirs(gone.ID), management.StoppedByKill, "application", []string{"application", "issuer"}, true, true},
		"one of no application here says so":            {ours(stranger), management.ApplicationUnknown, stranger.String(), nil, false, true},
		"a kill speaks before an unknown application":   {theirs(stranger), management.StoppedByKill, "issuer", []string{"issuer"}, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := w.InspectStatement(within(t), ann, test.raw)
			require.NoError(t, err)
			assert.Equal(t, test.verdict, got.Verdict)
			assert.Contains(t, got.Why, test.why)
			assert.Equal(t, test.verdict == management.Approved, got.Why == "")
			assert.Equal(t, test.app, got.Application != nil)
			assert.Equal(t, test.verdict == management.NotValid, got.StatementID == uuid.Nil, "what it can be revoked by")
			var kinds []string
			for _, k := range got.Kills {
				kinds = append(kinds, k.Kind)
			}
			assert.Equal(t, test.kills, kinds)
			if test.claims {
				assert.True(t, json.Valid(got.Claims), string(got.Claims))
			} else {
				assert.Empty(t, got.Claims)
			}
			text, err := json.Marshal(got)
			require.NoError(t, err)
			assert.NotContains(t, string(text), strings.TrimSpace(test.raw[strings.LastIndex(test.raw, ".")+1:]), "its signature stays out")
		})
	}
}

// forge keeps what a statement says and signs it with nonsense.
func forge(raw string) string { return raw[:strings.LastIndex(raw, ".")] + ".Zm9yZ2VkIQ" }

func TestWhenNothingCanBeSaidOfAStatement(t *testing.T) {
	w := newWorld(t)
	_, err := w.InspectStatement(within(t), ann, " \n")
	assertFault(t, management.Invalid, "software_statement", "got nothing", err)
	_, err = w.aged().InspectStatement(within(t), ann, "x")
	assertFault(t, management.Unavailable, "", "inspecting", err)
	w.papers.err = errors.New("no key yet")
	_, err = w.InspectStatement(within(t), ann, "x")
	assertFault(t, management.Unavailable, "", "verifying", err)
}
