// Package agent tells what a browser says of itself as far as anybody needs to know it: the families of its software and of the system
// that it runs on.
package agent

import "strings"

var (
	browsers = []string{"Firefox/", "Firefox", "Edg", "Edge", "OPR/", "Opera", "Chrome/", "Chrome", "Safari/", "Safari", "curl/", "curl", "Go-http-client", "Go program"}
	systems  = []string{"Android", "Android", "iPhone", "iPhone", "iPad", "iPad", "Windows", "Windows", "Mac OS X", "macOS", "CrOS", "ChromeOS", "Linux", "Linux"}
)

// Families are the families of a User-Agent's browser and system, such as "Firefox" and "Linux"; "" where it names none that is known. A
// whole User-Agent tells one person from another, so nothing else of it is worth storing.
func Families(userAgent string) (browser, system string) {
	return first(userAgent, browsers), first(userAgent, systems)
}

// first is the name behind the first mark that stands in a text.
func first(text string, marks []string) string {
	for i := 0; i < len(marks); i += 2 {
		if strings.Contains(text, marks[i]) {
			return marks[i+1]
		}
	}
	return ""
}
