package privacy

// SmallBatches makes an import write n rows at a time, so that few rows make many batches.
func SmallBatches(s *Service, n int) { s.importRows = n }
