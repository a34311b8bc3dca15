Console.WriteLine("psm");
