package console

import (
	"encoding/json"
	"fmt"
	"html/template"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
)

// helpers are what the templates can call.
var helpers = template.FuncMap{
	"icon": icon, "number": number, "bars": barsOf, "count": countOf, "when": when, "day": day, "sentence": sentence, "words": words,
	"operation": operationText, "dict": dict, "seg": url.PathEscape, "short": short, "json": pretty, "values": valuesOf,
	"none": func(id uuid.UUID) bool { return id == uuid.Nil }, "join": strings.Join, "stateText": stateText,
	"first": func(list []string, n int) []string { return list[:min(n, len(list))] },
	"has":   func(list []string, one string) bool { return slices.Contains(list, one) }, "stamp": stamp, "keyState": func(state string) any { return keyStates[state] },
	"minus": func(a, b int) int { return a - b }, "targetPath": targetPath, "kindText": kindText,
}

// dict gives a part of a page several things by name.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, fmt.Errorf("dict: got %d arguments, want pairs", len(pairs))
	}
	all := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict: got %v as a name", pairs[i])
		}
		all[name] = pairs[i+1]
	}
	return all, nil
}

// number writes a number with its thousands apart.
func number(n any) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// countOf writes a number of things.
func countOf(n any, one, many string) string {
	if fmt.Sprint(n) == "1" {
		return "1 " + one
	}
	return number(n) + " " + many
}

// when writes a moment for people and for machines.
func when(t time.Time) template.HTML {
	if t.IsZero() {
		return "–"
	}
	t = t.UTC()
	//nolint:gosec // times are made of digits
	return template.HTML(`<time datetime="` + t.Format(time.RFC3339) + `">` + t.Format("2006-01-02 15:04:05") + ` <abbr title="Coordinated Universal Time">UTC</abbr></time>`)
}

// stamp is when, in tables, where every word of it would be there a hundred
// times.
func stamp(t time.Time) template.HTML {
	if t.IsZero() {
		return "–"
	}
	t = t.UTC()
	//nolint:gosec // times are made of digits
	return template.HTML(`<time datetime="` + t.Format(time.RFC3339) + `">` + t.Format("2006-01-02 15:04") + `</time>`)
}

func day(t time.Time) template.HTML {
	if t.IsZero() {
		return "–"
	}
	t = t.UTC()
	//nolint:gosec // times are made of digits
	return template.HTML(`<time datetime="` + t.Format(time.RFC3339) + `">` + t.Format("2 Jan 2006") + `</time>`)
}

// sentence begins a text with a capital and ends it with a full stop, unless
// it is a heading-like word or ends otherwise.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	first, size := utf8.DecodeRuneInString(text)
	text = string(unicode.ToUpper(first)) + text[size:]
	if strings.Contains(text, " ") && len(text) > 40 && !strings.ContainsAny(text[len(text)-1:], ".!?:") {
		text += "."
	}
	return text
}

var abbreviations = strings.NewReplacer("mvpd", "MVPD", "mvpds", "MVPDs", " id", " id", "url", "URL", "uris", "URIs", "api", "API")

// words makes a name of the wire one for people.
func words(name string) string {
	return sentence(abbreviations.Replace(strings.ReplaceAll(name, "_", " ")))
}

// operationText says what an operation does.
func operationText(op any) string {
	kind, verb, found := strings.Cut(fmt.Sprint(op), ".")
	if !found {
		return words(kind)
	}
	kind, verb = strings.ReplaceAll(kind, "_", " "), strings.ReplaceAll(verb, "_", " ")
	kind = abbreviations.Replace(kind)
	switch kind {
	case "kill":
		kind = "kill switch"
	case "trial":
		return "Try out"
	}
	return sentence(verb + " " + kind)
}

// short is the beginning of an id, where the whole one is beside it.
func short(id any) string {
	text := fmt.Sprint(id)
	return text[:min(8, len(text))]
}

func pretty(raw json.RawMessage) string {
	var value any
	if json.Unmarshal(raw, &value) != nil {
		return string(raw)
	}
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return string(raw)
	}
	return string(text)
}

// valuesOf reads a value of a view as the texts that people read.
func valuesOf(raw json.RawMessage) []string {
	var value any
	if len(raw) == 0 || json.Unmarshal(raw, &value) != nil {
		return nil
	}
	switch value := value.(type) {
	case nil:
		return nil
	case []any:
		texts := make([]string, len(value))
		for i, one := range value {
			texts[i] = fmt.Sprint(one)
		}
		return texts
	case bool:
		if value {
			return []string{"yes"}
		}
		return []string{"no"}
	case float64:
		return []string{strconv.FormatFloat(value, 'f', -1, 64)}
	case string:
		if value == "" {
			return nil
		}
		return []string{value}
	default:
		return []string{string(raw)}
	}
}

// kindText names a kind of thing.
func kindText(kind string) string {
	return abbreviations.Replace(strings.ReplaceAll(kind, "_", " "))
}

// targetPath is the page of a thing that the audit or a change names; empty is
// that there is none.
func targetPath(kind, id string) string {
	folders := map[string]string{
		"application": "/applications/", "client": "/clients/", "programmer": "/programmers/", "channel": "/channels/",
		"proxy_mvpd": "/proxy-mvpds/", "change_set": "/changes/",
	}
	if folder := folders[kind]; folder != "" && id != "" {
		return folder + url.PathEscape(id)
	}
	return ""
}
