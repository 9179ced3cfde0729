package management_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/internal/manifest"
	"github.com/caddy-dcr/caddy-dcr/internal/roster"
)

// streaming is a manifest with one of everything.
func streaming() manifest.Manifest {
	return manifest.Manifest{
		Name: "streaming",
		Programmers: []manifest.Programmer{{ID: "REF", Name: "Reference", CustomSchemes: []string{"com.example.ref"}, Channels: []manifest.Channel{
			{ID: "REF30", Domains: []string{"example.com"}, DefaultRedirectURL: "https://www.example.com/tv"},
			{ID: "REF31"},
		}}},
		ProxyMVPDs:   []manifest.ProxyMVPD{{ID: "P1"}},
		Scopes:       []manifest.Scope{{Name: "api:client:v3", Restricted: true}},
		Platforms:    []manifest.Platform{{Name: "VIDAA", Aliases: []string{"Hisense"}}},
		Applications: []manifest.Application{{Key: "demo", Programmer: "REF", Channels: []string{"REF30"}, Platforms: []string{"ios"}, Scopes: []string{"api:client:v2"}}},
	}
}

func (w *world) apply(t *testing.T, m manifest.Manifest, prune ...management.Prunable) management.AppliedManifest {
	t.Helper()
	done, err := w.ApplyManifest(within(t), by("ann"), m, management.ManifestOptions{Prune: prune})
	require.NoError(t, err)
	require.True(t, done.Applied)
	return done
}

func (w *world) plans(t *testing.T, m manifest.Manifest, prune ...management.Prunable) string {
	t.Helper()
	plan, err := w.PlanManifest(within(t), ann, m, management.ManifestOptions{Prune: prune})
	require.NoError(t, err)
	return verbs(plan)
}

func verbs(plan management.ManifestPlan) string {
	lines := []string{}
	for _, c := range plan.Changes {
		lines = append(lines, string(c.Verb)+" "+c.Kind+" "+c.Name)
	}
	return strings.Join(lines, "\n")
}

func (w *world) keyed(t *testing.T, key string) []management.Application {
	t.Helper()
	list, err := w.Applications(ann, management.Filter{}, management.Part{})
	require.NoError(t, err)
	var found []management.Application
	for _, a := range list.Applications {
		if a.ManagedKey == key {
			found = append(found, a)
		}
	}
	return found
}

func TestAManifestIsMadeTrueOnce(t *testing.T) {
	overBoth(t, func(t *testing.T, w *world) {
		m := streaming()
		want := "create programmer REF\ncreate channel REF30\ncreate channel REF31\ncreate proxy_mvpd P1\n" +
			"create scope api:client:v3\ncreate platform VIDAA\ncreate application demo"
		assert.Equal(t, want, w.plans(t, m))
		plan, err := w.PlanManifest(within(t), ann, m, management.ManifestOptions{})
		require.NoError(t, err)
		done, err := w.ApplyManifest(within(t), by("ann"), m, management.ManifestOptions{IfPlan: plan.Digest})
		require.NoError(t, err, "what is drawn at random changes no plan")
		assert.Equal(t, want, verbs(done.ManifestPlan))
		require.NotNil(t, done.ChangeSet)
		assert.Equal(t, management.Pushed, done.ChangeSet.Status)
		assert.Equal(t, "streaming", done.ChangeSet.ManagedBy)
		assert.Len(t, done.ChangeSet.Changes, 7)

		app := w.keyed(t, "demo")[0]
		assert.Equal(t, "demo", app.Name)
		assert.Equal(t, []string{"com.example.ref"}, app.CustomSchemes)
		assert.Equal(t, []string{"example.com"}, app.Domains)
		assert.Equal(t, "streaming", app.ManagedBy)

		assert.Empty(t, w.plans(t, m))
		again := w.apply(t, m)
		assert.Nil(t, again.ChangeSet, "there was nothing to do")
		entries := w.entries(t, ann, management.AuditFilter{ChangeSet: done.ChangeSet.ID.String()})
		assert.Len(t, entries, 8, "each change, and the whole")
		w.whole(t)
	})
}

func TestWhatAManifestManagesIsChangedNowhereElse(t *testing.T) {
	w := newWorld(t)
	w.apply(t, streaming())
	const managed = "managed by the manifest streaming"
	p, err := w.Programmer(ann, "REF")
	require.NoError(t, err)
	assert.Equal(t, "streaming", p.ManagedBy)
	_, err = w.UpdateProgrammer(within(t), by("ann"), "REF", management.ProgrammerSpec{})
	assertFault(t, management.Invalid, "programmer", managed, err)
	assertFault(t, management.Invalid, "channel", managed, w.DeleteChannel(within(t), call(ann), "REF31"))
	_, err = w.UpdateChannel(within(t), call(ref30Admin), "REF30", management.ChannelSpec{})
	assertFault(t, management.Invalid, "channel", managed, err)
	_, err = w.UpdateScope(within(t), by("ann"), "api:client:v3", management.ScopeSpec{})
	assertFault(t, management.Invalid, "scope", managed, err)
	demo := w.keyed(t, "demo")[0]
	_, err = w.CreateApplication(within(t), by("ann"), management.Spec{Predecessor: demo.ID.String()})
	assertFault(t, management.Invalid, "application", managed, err)

	// What hangs on it goes on.
	_, err = w.IssueStatement(within(t), by("ann"), demo.ID)
	require.NoError(t, err)
	w.create(t, nil)

	_, err = w.ReleaseManifest(within(t), call(refAdmin), "streaming")
	assertFault(t, management.Forbidden, "", "manifest.release", err)
	done, err := w.ReleaseManifest(within(t), by("ann"), "streaming")
	require.NoError(t, err)
	assert.Equal(t, 7, done.ChangeSet.Count)
	p, err = w.UpdateProgrammer(within(t), by("ann"), "REF", management.ProgrammerSpec{Name: "free"})
	require.NoError(t, err)
	assert.Empty(t, p.ManagedBy)
	assert.Empty(t, w.keyed(t, "demo"))
	released, err := w.Application(within(t), ann, demo.ID)
	require.NoError(t, err)
	assert.Equal(t, demo.Domains, released.Domains, "nothing but the mark is gone")
	none, err := w.ReleaseManifest(within(t), by("ann"), "streaming")
	require.NoError(t, err)
	assert.Nil(t, none.ChangeSet)
	w.whole(t)
}

func TestAChangedManifestChangesFieldByField(t *testing.T) {
	w := newWorld(t)
	m := streaming()
	w.apply(t, m)
	m.Programmers[0].Channels[0].Domains = []string{"example.com", "example.org"}
	m.Applications[0].Scopes = append(m.Applications[0].Scopes, "api:client:v1")
	plan, err := w.PlanManifest(within(t), ann, m, management.ManifestOptions{})
	require.NoError(t, err)
	assert.Equal(t, "change channel REF30\nnew_version application demo", verbs(plan))
	fields := func(c management.PlannedChange) string {
		text := ""
		for _, d := range c.Difference {
			text += d.Field + ":" + strings.Join(d.Added, ",") + " "
		}
		return text
	}
	assert.Equal(t, "domains:example.org ", fields(plan.Changes[0]))
	assert.Equal(t, "domains:example.org scopes:api:client:v1 version: ", strings.ReplaceAll(fields(plan.Changes[1])+"version: ", "version: version: ", "version: "))

	w.apply(t, m)
	assert.Empty(t, w.plans(t, m))
	versions := w.keyed(t, "demo")
	require.Len(t, versions, 2)
	assert.Equal(t, "1", versions[0].Version)
	assert.Equal(t, "2", versions[1].Version)
	assert.Equal(t, versions[0].ID, versions[1].Predecessor)
	assert.Equal(t, versions[0].CustomSchemes, versions[1].CustomSchemes, "apps in the field return to them")
	assert.False(t, versions[0].Revoked, "both work until the old one is revoked")

	assert.Equal(t, "revoke application demo", w.plans(t, m, management.PruneVersions))
	w.apply(t, m, management.PruneVersions)
	assert.True(t, w.keyed(t, "demo")[0].Revoked)
	assert.Empty(t, w.plans(t, m, management.PruneVersions))

	m.Applications[0].Scopes, m.Applications[0].Version = []string{"api:client:v2"}, "2"
	_, err = w.PlanManifest(within(t), ann, m, management.ManifestOptions{})
	assertFault(t, management.Invalid, "applications[0].version", "is called that says something else", err)
	m.Applications[0].Version = "spring"
	w.apply(t, m)
	m.Applications[0].Version, m.Applications[0].Domains = "", []string{"own.example"}
	_, err = w.PlanManifest(within(t), ann, m, management.ManifestOptions{})
	assertFault(t, management.Invalid, "applications[0].version", `nobody can tell what follows "spring"`, err)
}

func TestWhatAManifestDoesNotMentionStays(t *testing.T) {
	w := newWorld(t)
	m := streaming()
	w.apply(t, m)
	_, err := w.CreateChannel(within(t), by("ann"), "REF99", management.ChannelSpec{Programmer: "REF"})
	require.NoError(t, err)
	less := manifest.Manifest{Name: "streaming"}
	plan, err := w.PlanManifest(within(t), ann, less, management.ManifestOptions{})
	require.NoError(t, err)
	assert.Empty(t, plan.Changes)
	assert.Len(t, plan.Unmentioned, 7)

	_, err = w.PlanManifest(within(t), ann, less, management.ManifestOptions{Prune: []management.Prunable{management.PruneProgrammers}})
	e := fault(t, err)
	assert.Contains(t, e.Message, "in use", "nothing is deleted on which something depends")
	_, err = w.PlanManifest(within(t), ann, less, management.ManifestOptions{Prune: []management.Prunable{"everything"}})
	assertFault(t, management.Invalid, "prune", `got "everything"`, err)

	without := []management.Prunable{management.PruneApplications, management.PruneChannels, management.PruneProxyMVPDs, management.PruneScopes, management.PrunePlatforms}
	assert.Equal(t, "revoke application demo\ndelete channel ref30\ndelete channel ref31\ndelete proxy_mvpd P1\ndelete scope api:client:v3\ndelete platform vidaa",
		w.plans(t, less, without...))
	w.apply(t, less, without...)
	_, err = w.Channel(ann, "REF99")
	require.NoError(t, err, "what the manifest never made is not its own to end")
	assert.Empty(t, w.plans(t, less, without...))
}

func TestWhatSomebodyHasRevokedIsNotMadeAgain(t *testing.T) {
	w := newWorld(t)
	m := streaming()
	w.apply(t, m)
	w.revoke(t, "application", w.keyed(t, "demo")[0].ID.String())
	_, err := w.ApplyManifest(within(t), by("ann"), m, management.ManifestOptions{})
	assertFault(t, management.Revoked, "applications[0]", "was revoked", err)
	m.Applications[0].Revoked = true
	assert.Empty(t, w.plans(t, m))

	m.Applications = append(m.Applications, streaming().Applications[0])
	m.Applications[1].Key = "demo2"
	w.apply(t, m)
	m.Applications[1].Revoked = true
	assert.Equal(t, "revoke application demo2", w.plans(t, m))
	w.apply(t, m)
	assert.True(t, w.keyed(t, "demo2")[0].Revoked)
	assert.Empty(t, w.plans(t, m))
}

func TestAManifestTakesOverWhatThereIs(t *testing.T) {
	w := newWorld(t)
	w.settle(t)
	demo := w.create(t, func(s *management.Spec) { s.Domains = []string{"example.com"} })
	m := manifest.Manifest{Name: "streaming", Programmers: []manifest.Programmer{{ID: "REF"}}, Applications: []manifest.Application{
		{Key: "demo", ID: demo.ID.String(), Name: "Demo", Programmer: "REF", Channels: []string{"REF30"}, Scopes: []string{"api:client:v2"}},
	}}
	assert.Equal(t, "change programmer REF\nadopt application demo", w.plans(t, m))
	done := w.apply(t, m)
	assert.Empty(t, w.plans(t, m))
	after := w.keyed(t, "demo")
	require.Len(t, after, 1)
	assert.Equal(t, demo.ID, after[0].ID)

	other := m
	other.Name = "other"
	_, err := w.PlanManifest(within(t), ann, other, management.ManifestOptions{})
	e := fault(t, err)
	require.Len(t, e.Conflicts, 2, "everything that is wrong is told at once")
	assert.Equal(t, "programmers[0]", e.Conflicts[0].Field)
	assert.Equal(t, "applications[0].id", e.Conflicts[1].Field)
	assert.Contains(t, e.Conflicts[1].Message, "managed by the manifest streaming")

	// It can be taken back like every push.
	_, err = w.RollBackChangeSet(within(t), by("ann"), done.ChangeSet.ID, management.RollBackOptions{})
	require.NoError(t, err)
	assert.Empty(t, w.keyed(t, "demo"))

	// And one that says something else becomes a new version of what there is.
	m.Applications[0].Domains = []string{"example.org"}
	assert.Equal(t, "adopt application demo\nnew_version application demo", w.plans(t, m))
	w.apply(t, m)
	versions := w.keyed(t, "demo")
	require.Len(t, versions, 2)
	assert.Equal(t, demo.ID, versions[1].Predecessor)
	assert.Empty(t, w.plans(t, m))
	m.Applications[0].ID = uuid.NewString()
	_, err = w.PlanManifest(within(t), ann, m, management.ManifestOptions{})
	assertFault(t, management.Invalid, "applications[0].id", "but the application of the key demo is", err)
	w.whole(t)
}

func TestWhatIsWrongWithAManifest(t *testing.T) {
	w := newWorld(t)
	w.DeclaredProgrammers = map[string]roster.Programmer{"ZED": {ID: "ZED", Story: roster.Story{Declared: true}}}
	_, err := w.CreateProgrammer(within(t), by("ann"), "FOX", management.ProgrammerSpec{})
	require.NoError(t, err)
	_, err = w.CreateChannel(within(t), by("ann"), "FOX1", management.ChannelSpec{Programmer: "FOX"})
	require.NoError(t, err)
	for name, test := range map[string]struct {
		change      func(*manifest.Manifest)
		field, text string
	}{
		"no name":                 {func(m *manifest.Manifest) { m.Name = "" }, "name", "want a name for the manifest"},
		"a domain for everybody":  {func(m *manifest.Manifest) { m.Programmers[0].Channels[0].Domains = []string{"co.uk"} }, "programmers[0].channels[0].domains", "public suffix"},
		"somebody else's channel": {func(m *manifest.Manifest) { m.Programmers[0].Channels[0].ID = "FOX1" }, "programmers[0].channels[0].programmer", "but the channel is of FOX"},
		"what the configuration owns": {func(m *manifest.Manifest) {
			m.Programmers[0].ID, m.Programmers[0].Channels = "ZED", nil
			m.Applications = nil
		}, "programmers[0]", "declared in the configuration"},
		"an application without a scope": {func(m *manifest.Manifest) { m.Applications[0].Scopes = nil }, "applications[0].scopes", "got none"},
		"an id that is none":             {func(m *manifest.Manifest) { m.Applications[0].ID = "demo" }, "applications[0].id", "want a UUID"},
		"a platform that is known":       {func(m *manifest.Manifest) { m.Platforms[0].Name = "iPadOS" }, "platforms[0].name", "does not mean iOS"},
	} {
		t.Run(name, func(t *testing.T) {
			m := streaming()
			test.change(&m)
			_, err := w.PlanManifest(within(t), ann, m, management.ManifestOptions{})
			e := fault(t, err)
			require.NotEmpty(t, e.Conflicts)
			assert.Equal(t, test.field, e.Conflicts[0].Field)
			assert.Contains(t, e.Conflicts[0].Message, test.text)
			_, err = w.ApplyManifest(within(t), by("ann"), m, management.ManifestOptions{})
			require.Error(t, err)
		})
	}
	_, err = w.Programmer(ann, "REF")
	require.Error(t, err, "nothing of it happened")
}

func TestAPlanThatHasAgedIsNotApplied(t *testing.T) {
	w := newWorld(t)
	m := streaming()
	plan, err := w.PlanManifest(within(t), ann, m, management.ManifestOptions{})
	require.NoError(t, err)
	_, err = w.CreateProgrammer(within(t), by("bob"), "REF", management.ProgrammerSpec{})
	require.NoError(t, err)
	_, err = w.ApplyManifest(within(t), by("ann"), m, management.ManifestOptions{IfPlan: plan.Digest})
	assertFault(t, management.Changed, "if_plan", "something else now", err)
}

func TestManifestsAreForOperators(t *testing.T) {
	w := newWorld(t)
	_, err := w.ApplyManifest(within(t), call(refAdmin), streaming(), management.ManifestOptions{})
	assertFault(t, management.Forbidden, "", "manifest.apply", err)
	_, err = w.PlanManifest(within(t), refAdmin, streaming(), management.ManifestOptions{})
	require.Error(t, err)
	_, err = w.PlanManifest(within(t), reader, streaming(), management.ManifestOptions{})
	require.NoError(t, err, "who may read everything may compare")
}

func TestAManifestThatIsTooLarge(t *testing.T) {
	w := newWorld(t)
	m := manifest.Manifest{Name: "large"}
	for range 501 {
		m.Scopes = append(m.Scopes, manifest.Scope{Name: uuid.NewString()})
	}
	_, err := w.ApplyManifest(within(t), by("ann"), m, management.ManifestOptions{})
	assertFault(t, management.Invalid, "manifest", "501 changes", err)
	m.Scopes = m.Scopes[:500]
	assert.Equal(t, 500, w.apply(t, m).ChangeSet.Count)
	w.whole(t)
}

func TestVerbsAndPrunablesAreSaid(t *testing.T) {
	text, err := json.Marshal([]any{management.Verbs, management.Prunables})
	require.NoError(t, err)
	assert.JSONEq(t, `[["create","change","new_version","adopt","revoke","delete"],
		["programmers","channels","proxy_mvpds","scopes","platforms","applications","versions"]]`, string(text))
}
