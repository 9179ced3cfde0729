package million

import (
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// The defaults show that everything is found, and measure nothing.
var (
	clients      = flag.Int("clients", 5_000, "how many clients there are; make million takes 1000000")
	applications = flag.Int("applications", 20, "of how many applications; make million takes 1000")
	statements   = flag.Int("statements", 200, "how many statements the largest application has; make million takes 2000")
	times        = flag.Int("times", 3, "how often each question is asked; make million takes 200")
	gate         = flag.Duration("gate", 0, "the most that the median of a page may take; 0 is any")
)

// Each page of the console and each answer of the API asks one of these.
func TestPagesAreQuickHoweverManyClientsThereAre(t *testing.T) {
	for name, at := range places(t) {
		t.Run(name, func(t *testing.T) {
			where := at()
			var p population
			t.Run("in process", func(t *testing.T) { p = inProcess(t, where) })
			if !t.Failed() {
				t.Run("admin endpoint", func(t *testing.T) { overAdmin(t, where, p) })
			}
		})
	}
}

func inProcess(t *testing.T, where place) population {
	store, err := where.open()
	require.NoError(t, err)
	t.Cleanup(func() { _ = store.Close() })
	s, walker := service(t, store)
	begun := time.Now()
	p := populate(t, s)
	t.Logf("%d clients of %d applications, written in %s", *clients, *applications, time.Since(begun).Round(time.Second))
	begun = time.Now()
	run(t, walker.Run)
	for s.Census() == nil || s.Census().Total() < uint64(*clients) {
		require.Less(t, time.Since(begun), time.Hour, "nobody counts")
		time.Sleep(20 * time.Millisecond)
	}
	t.Logf("counted in %s", time.Since(begun).Round(time.Second))

	part := management.Part{Limit: 50}
	page, err := s.Clients(t.Context(), operator, p.largest, part)
	require.NoError(t, err)
	second := management.Part{Cursor: page.Cursor, Limit: 50}
	list := func(app uuid.UUID, part management.Part, least int) func() error {
		return func() error {
			page, err := s.Clients(t.Context(), operator, app, part)
			assert.GreaterOrEqual(t, len(page.Clients), least)
			return err
		}
	}
	least := 0
	if *clients >= 20_000 {
		least = few // the census has named them
	}
	measure(t, "overview: the census", func() error { _, err := s.LastCensus(operator, 10); return err })
	measure(t, "applications, first page", func() error {
		_, err := s.Applications(operator, management.Filter{}, part)
		return err
	})
	measure(t, "one application, with its count", func() error { _, err := s.Application(t.Context(), operator, p.largest); return err })
	measure(t, "clients, first page of all", list(uuid.Nil, part, 50))
	measure(t, "clients of the largest application, first page", list(p.largest, part, 50))
	measure(t, "clients of the largest application, second page", list(p.largest, second, 50))
	measure(t, "clients of the smallest application, first page", list(p.small, part, least))
	measure(t, "one client by its id", func() error { _, err := s.Client(t.Context(), operator, p.client); return err })
	measure(t, "statements of the largest application", func() error {
		_, err := s.StatementsOf(t.Context(), operator, p.largest, management.StatementFilter{}, part)
		return err
	})
	measure(t, "audit, first page", func() error {
		_, err := s.AuditEntries(t.Context(), operator, management.AuditFilter{}, part)
		return err
	})
	measure(t, "audit, of somebody who did nothing", func() error {
		_, err := s.AuditEntries(t.Context(), operator, management.AuditFilter{Actor: "bob"}, part)
		return err
	})
	consolePages(t, s, p)
	everyClientIsFound(t, s, p.small, few)
	return p
}

// everyClientIsFound follows the cursors to the end.
func everyClientIsFound(t *testing.T, s *management.Service, app uuid.UUID, want int) {
	begun := time.Now()
	seen := map[uuid.UUID]bool{}
	pages := 0
	for cursor := ""; ; pages++ {
		page, err := s.Clients(t.Context(), operator, app, management.Part{Cursor: cursor, Limit: 50})
		require.NoError(t, err)
		for _, c := range page.Clients {
			seen[c.ID] = true
		}
		if cursor = page.Cursor; cursor == "" {
			break
		}
	}
	assert.Len(t, seen, want)
	t.Logf("all %d clients of the smallest application: %d pages in %s", want, pages+1, time.Since(begun).Round(time.Millisecond))
}

func overAdmin(t *testing.T, where place, p population) {
	g := start(t, where)
	get := func(path string) func() error {
		return func() error {
			response, err := http.Get("http://" + g.Admin + "/dcr/" + path)
			if err != nil {
				return err
			}
			defer response.Body.Close()
			body, err := io.ReadAll(response.Body)
			require.Equal(t, http.StatusOK, response.StatusCode, "%s: %s", path, body)
			return err
		}
	}
	harness.Eventually(t, "for the gateway to know the census", func() bool {
		response, err := http.Get("http://" + g.Admin + "/dcr/census")
		if err != nil {
			return false
		}
		defer response.Body.Close()
		var c management.Census
		return json.NewDecoder(response.Body).Decode(&c) == nil && c.Live == uint64(*clients)
	})
	measure(t, "overview: the census", get("census?limit=10"))
	measure(t, "applications, first page", get("applications?limit=50"))
	measure(t, "clients, first page of all", get("clients?limit=50"))
	measure(t, "clients of the largest application, first page", get("clients?limit=50&application="+p.largest.String()))
	measure(t, "clients of the smallest application, first page", get("clients?limit=50&application="+p.small.String()))
	measure(t, "one client by its id", get("clients/"+p.client.String()))
	measure(t, "statements of the largest application", get("applications/"+p.largest.String()+"/statements?limit=50"))
	measure(t, "audit, first page", get("audit?limit=50"))
}

// measure asks again and again, and tells the median and the worst but one in a
// hundred.
func measure(t *testing.T, what string, ask func() error) {
	t.Helper()
	took := make([]time.Duration, *times)
	for i := range took {
		begun := time.Now()
		require.NoError(t, ask(), what)
		took[i] = time.Since(begun)
	}
	slices.Sort(took)
	p50, p99 := took[len(took)/2], took[len(took)*99/100]
	t.Logf("%-50s p50 %8s  p99 %8s", what, p50.Round(10*time.Microsecond), p99.Round(10*time.Microsecond))
	if *gate > 0 {
		assert.LessOrEqual(t, p50, *gate, what)
	}
}
