package refusal

import (
	"slices"
	"strconv"
	"strings"
)

// prefersXML reads Accept by RFC 9110 section 12.5.1: XML has to be asked for
// by name, and with a greater weight than JSON, or the same one and earlier.
func prefersXML(lines []string) bool {
	xml, json := 0.0, 0.0
	xmlFirst := false
	for _, line := range lines {
		for item := range strings.SplitSeq(line, ",") {
			media, weight := acceptable(item)
			switch {
			case slices.Contains([]string{"application/xml", "text/xml"}, media):
				xmlFirst = xmlFirst || json == 0
				xml = max(xml, weight)
			case media == "application/json":
				json = max(json, weight)
			}
		}
	}
	return xml > json || xml > 0 && xml == json && xmlFirst
}

// acceptable splits an item into the media type and its weight.
func acceptable(item string) (media string, weight float64) {
	media, parameters, _ := strings.Cut(item, ";")
	weight = 1
	for parameter := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
		if strings.EqualFold(name, "q") {
			weight = 0 // unless it is a number, and in range
			if q, err := strconv.ParseFloat(value, 64); err == nil && q >= 0 && q <= 1 {
				weight = q
			}
		}
	}
	return strings.ToLower(strings.TrimSpace(media)), weight
}
