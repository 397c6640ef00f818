package privacy

// SmallBatches makes an import write n rows at a time, so that few rows make many batches.
func SmallBatches(s *Service, n int) { s.importRows = n }

// What decides in Posture, without a database in which it could not be otherwise.
var (
	Judge  = judge
	Latest = latest
)
