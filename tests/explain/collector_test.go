package explain

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	v1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// spans is an OTLP collector (OpenTelemetry's protocol over HTTP) that keeps
// what it is sent.
type spans struct {
	mutex sync.Mutex
	all   []*v1.Span
	raw   bytes.Buffer
}

// collect starts a collector, and has every gateway that starts afterwards
// export to it.
func collect(t *testing.T) *spans {
	t.Helper()
	s := new(spans)
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
	t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "20")
	return s
}

func (s *spans) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		unpacked, err := gzip.NewReader(body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		body = io.NopCloser(unpacked)
	}
	data, err := io.ReadAll(body)
	var request collector.ExportTraceServiceRequest
	if err != nil || proto.Unmarshal(data, &request) != nil {
		http.Error(w, "no export of traces", http.StatusBadRequest)
		return
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.raw.Write(data)
	for _, resource := range request.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			s.all = append(s.all, scope.GetSpans()...)
		}
	}
}

// named waits for a span of that name for which the condition holds.
func (s *spans) named(t *testing.T, name string, holds func(span) bool) span {
	t.Helper()
	var found span
	harness.Eventually(t, "for the span "+name, func() bool {
		for _, one := range s.list() {
			if one.GetName() == name && holds(one) {
				found = one
				return true
			}
		}
		return false
	})
	return found
}

func (s *spans) list() []span {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	list := make([]span, len(s.all))
	for i, one := range s.all {
		list[i] = span{one}
	}
	return list
}

// everything is every byte that was exported.
func (s *spans) everything() string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.raw.String()
}

type span struct{ *v1.Span }

// text is the value of an attribute; empty where there is none.
func (s span) text(key string) string {
	for _, attribute := range s.GetAttributes() {
		if attribute.GetKey() == key {
			return attribute.GetValue().GetStringValue()
		}
	}
	return ""
}

// parentOf waits for the parent of a span, and answers it.
func (s *spans) parentOf(t *testing.T, child span) span {
	t.Helper()
	var parent span
	harness.Eventually(t, "for the parent of "+child.GetName(), func() bool {
		for _, one := range s.list() {
			if slices.Equal(one.GetSpanId(), child.GetParentSpanId()) {
				parent = one
				return true
			}
		}
		return false
	})
	assert.Equal(t, child.GetTraceId(), parent.GetTraceId())
	return parent
}
